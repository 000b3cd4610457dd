import type { Command } from 'commander'
import { readHolder } from '../Supervisor/Runtime'
import { addManagerOptions, command, type ManagerOptions } from './manager'
import { presentProject } from './project'

/** How often it is looked whether the server has gone, in milliseconds. */
const LOOK_MS = 50

interface StopOptions extends ManagerOptions {
  /** Seconds. */
  readonly timeout?: string
}

export function addStop(program: Command): void {
  addManagerOptions(program.command('stop'))
    .description(
      'stop the server in good order: every onClose runs, clients are told (1001); returns when it has ended',
    )
    .option('--timeout <seconds>', 'how long to wait for its end; default: max_wait_time and a little more')
    .action((options: StopOptions) => stop(options))
}

/** @throws Error when there is no server, or it does not end in time */
export async function stop(options: StopOptions): Promise<void> {
  const project = presentProject()
  const pid = readHolder(project.runtime)
  const { message } = await command(project, options, { method: 'stop' })
  console.log(message)
  if (pid === undefined) return // it runs somewhere else
  const seconds = Number(options.timeout ?? project.config.setting.max_wait_time + 5)
  const deadline = performance.now() + seconds * 1000
  while (readHolder(project.runtime) === pid) {
    if (performance.now() > deadline) {
      throw new Error(`the server (pid ${pid}) has not ended within ${seconds} s; stop again to end it at once`)
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
