import type { Command } from 'commander'
import { addManagerOptions, command, type ManagerOptions } from './manager'
import { presentProject } from './project'

export function addReload(program: Command): void {
  addManagerOptions(program.command('reload'))
    .description(
      'bring what is in dist/ in: no connection closes; code that does not load changes nothing (exit code 1)',
    )
    .action((options: ManagerOptions) => reload(options))
}

/** @throws Error with file, line and error when the new code does not load */
export async function reload(options: ManagerOptions): Promise<void> {
  const { message } = await command(presentProject(), options, { method: 'reload' }, (step) => console.error(step))
  console.log(message)
}
