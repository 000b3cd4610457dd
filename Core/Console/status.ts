import type { Command } from 'commander'
import { EXIT } from '../Handler'
import type { Status } from '../Manager/Status'
import { isObject } from '../Wire/Protocol'
import { type Answer, addManagerOptions, command, type ManagerOptions, NotRunning } from './manager'
import { presentProject } from './project'
import { screen } from './screen'
import { watch } from './watch'

interface StatusOptions extends ManagerOptions {
  readonly json?: boolean
  readonly all?: boolean
  readonly watch?: boolean
}

export function addStatus(program: Command): void {
  addManagerOptions(program.command('status'))
    .description('tell how the server is doing; exit code 3 when none runs')
    .option('--all', 'gateways, workers, ports, modules, store, too; on a terminal they are shown anyway')
    .option('--json', 'everything, as JSON')
    .option('--watch', 'draw all of it every second, with graphs of the last minute, until Ctrl-C')
    .addHelpText(
      'after',
      `
Without options, where standard output is no terminal, these three lines and nothing else:
  当前服务器共有 N 个连接    clients on the public ports
  主进程PID: P               the process that takes signals
  内存占用量: M.MMMB         memory of all processes`,
    )
    .action((options: StatusOptions) => status({ all: process.stdout.isTTY, ...options }))
}

/** @throws Error when the server cannot be asked */
export async function status({ json, all, watch: watching, ...options }: StatusOptions): Promise<void> {
  const project = presentProject()
  const ask = () => command(project, options, { method: 'status' })
  try {
    if (watching) return await watch(async () => statusOf(await ask()))
    const answer = await ask()
    const { message } = answer
    if (json) process.stdout.write(`${JSON.stringify(answer.status, undefined, 2)}\n`)
    else process.stdout.write(all ? `${message}\n${screen(statusOf(answer)).join('\n')}\n` : message)
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error
    console.error(error.message)
    process.exitCode = EXIT.notRunning
  }
}

/** @throws Error when it is none that this console knows */
function statusOf({ status: answered }: Answer): Status {
  if (isStatus(answered)) return answered
  throw new Error('the server is of another version than this console: status --json shows what it says')
}

/** The server may be another one than that of this folder, so of another version. */
const isStatus = (value: unknown): value is Status =>
  isObject(value) && Array.isArray(value.gateways) && Array.isArray(value.lastMinute) && isObject(value.modules)
