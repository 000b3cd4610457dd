import { type Command, InvalidArgumentError, Option } from 'commander'
import { levels } from 'pino'
import { prettyPrinter } from '../../Library/Log/Screen'
import { EXIT } from '../Handler'
import { runtimeOf } from '../Project'
import { lastLines, newestLog, readLine, Tail } from './logFiles'
import { presentFolder } from './project'

/** How often it is looked for new lines, in milliseconds. */
const LOOK_MS = 200

interface LogsOptions {
  readonly follow?: boolean
  readonly level: string
  readonly lines: number
  readonly json?: boolean
}

export function addLogs(program: Command): void {
  program
    .command('logs')
    .description('show the end of the newest log file (Runtime/logs/YYYY-MM-DD.log), for people')
    .option('-f, --follow', 'go on with what comes, also when a new day begins a new file; Ctrl-C ends it')
    .addOption(
      new Option('--level <level>', 'least level that is shown').choices(Object.keys(levels.values)).default('trace'),
    )
    .option('--lines <count>', 'how many lines', readCount, 50)
    .option('--json', 'the lines as they stand in the file')
    .addHelpText('after', '\nWhat a server in the background prints besides its log is in Runtime/logs/output.log.')
    .action(logs)
}

function readCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a number of lines.')
}

/** @throws Error when there is no log */
async function logs({ follow = false, level, lines: count, json = false }: LogsOptions): Promise<void> {
  const runtime = runtimeOf(presentFolder(), process.env)
  const least = levels.values[level] ?? 0
  const wanted = (line: string) => (levels.values[String(readLine(line)?.level)] ?? Number.POSITIVE_INFINITY) >= least
  const pretty = prettyPrinter(process.stdout.isTTY === true)
  const show = (lines: readonly string[]) => {
    for (const line of lines) process.stdout.write(json ? `${line}\n` : pretty(line))
  }
  process.stdout.on('error', () => process.exit(EXIT.done)) // who read this has left
  const file = newestLog(runtime)
  if (file === undefined && !follow) throw new Error(`there is no log in ${runtime}/logs`)
  if (file === undefined) console.error(`waiting for a log in ${runtime}/logs`)
  const { lines, end } = file === undefined ? { lines: [], end: 0 } : lastLines(file, count, wanted)
  show(lines)
  if (!follow) return
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(EXIT.done))
  const tail = new Tail(runtime, file, end)
  for (;;) {
    show(tail.read().filter(wanted))
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
