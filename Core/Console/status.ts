import type { Command } from 'commander'
import { EXIT } from '../Handler'
import { addManagerOptions, command, type ManagerOptions, NotRunning } from './manager'
import { presentProject } from './project'

interface StatusOptions extends ManagerOptions {
  readonly json?: boolean
}

export function addStatus(program: Command): void {
  addManagerOptions(program.command('status'))
    .description('tell how the server is doing; exit code 3 when none runs')
    .option('--json', 'everything, as JSON')
    .action((options: StatusOptions) => status(options))
}

/** @throws Error when the server cannot be asked */
export async function status({ json, ...options }: StatusOptions): Promise<void> {
  try {
    const answer = await command(presentProject(), options, { method: 'status' })
    process.stdout.write(json ? `${JSON.stringify(answer.status, undefined, 2)}\n` : answer.message)
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error
    console.error(error.message)
    process.exitCode = EXIT.notRunning
  }
}
