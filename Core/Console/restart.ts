import type { Command } from 'commander'
import { addManagerOptions, command, type ManagerOptions } from './manager'
import { presentProject } from './project'

export function addRestart(program: Command): void {
  addManagerOptions(program.command('restart'))
    .description(
      'replace every process, for new kernel code, ports or numbers of processes: new ones listen before the old ones tell their clients to come back (1012), spread over setting.drain_time; what does not load changes nothing (exit code 1)',
    )
    .action((options: ManagerOptions) => restart(options))
}

/** @throws Error that says why nothing has changed */
async function restart(options: ManagerOptions): Promise<void> {
  const { message } = await command(presentProject(), options, { method: 'restart' }, (step) => console.error(step))
  console.log(message)
}
