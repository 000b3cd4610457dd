import { type Command, InvalidArgumentError } from 'commander'
import { Supervisor } from '../Supervisor/main'
import { banner, examples } from './banner'
import { isDaemon, startDaemon, tellStarter } from './daemon'
import { presentProject } from './project'

interface StartOptions {
  readonly daemon?: boolean
  /** Seconds. */
  readonly timeout: number
}

export function addStart(program: Command): void {
  program
    .command('start')
    .description(
      'start the server in the foreground; Ctrl-C (SIGINT) or SIGTERM stops it in good order, SIGHUP reloads',
    )
    .option('-d, --daemon', 'in the background: returns when the ports listen; else says why not (exit code 1)')
    .option('--timeout <seconds>', 'with -d: how long to wait for the ports', readSeconds, 60)
    .addHelpText(
      'after',
      `
What a daemon logs is in Runtime/logs (console logs -f), what it prints besides in Runtime/logs/output.log.
Only one server runs in a Runtime folder; APP_RUNTIME names another one.`,
    )
    .action(({ daemon, timeout }: StartOptions) => (daemon ? startDaemon(timeout * 1000) : start()))
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (seconds > 0 && seconds <= 3600) return seconds
  throw new InvalidArgumentError('It is a number of seconds, more than 0 and at most 3600.')
}

/** @throws Error that says why the server does not start */
export async function start(): Promise<void> {
  if (isDaemon) return tellStarter(run)
  const lines = await run()
  // For people: where nobody looks at standard output it carries the log, a JSON line each.
  const out = process.stdout.isTTY ? process.stdout : process.stderr
  out.write(`${[lines.banner, ...lines.examples].join('\n')}\n`)
}

async function run() {
  const project = presentProject()
  const started = await new Supervisor(project).start()
  return { banner: banner(project, started), examples: examples(project, started) }
}
