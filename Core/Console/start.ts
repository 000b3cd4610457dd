import { relative } from 'node:path'
import type { Command } from 'commander'
import type { Project } from '../Project'
import { type Started, Supervisor } from '../Supervisor/main'
import { addressOf, localAddressOf } from './address'
import { frameworkVersion, presentProject } from './project'
import { EXAMPLE, makeAuth } from './user'

export function addStart(program: Command): void {
  program
    .command('start')
    .description('start the server in the foreground; Ctrl-C (SIGINT) or SIGTERM stops it in good order')
    .action(async () => {
      const project = presentProject()
      const started = await new Supervisor(project).start()
      // For people: where nobody looks at standard output it carries the log, a JSON line each.
      const out = process.stdout.isTTY ? process.stdout : process.stderr
      out.write(`${banner(project, started)}\n`)
    })
}

function banner(project: Project, { engine, ports, store, gateways, workers }: Started): string {
  const { config, runtime } = project
  const lines = [
    `mswoole-ts ${frameworkVersion()} has started, pid ${process.pid}`,
    ...Object.entries(ports).map(([name, port]) => row(name, addressOf(config.outside[name]?.host ?? '', port))),
    ...(gateways > 1 ? [row('gateways', String(gateways))] : []),
    row('workers', config.setting.mode === 'base' ? '1, in one process with the gateway (base mode)' : String(workers)),
    row('store', store),
    row('runtime', runtime),
    row('engine', `Node ${process.version}, uWebSockets.js ${engine}`),
  ]
  if (Number(process.versions.node.split('.')[0]) < 22) {
    lines.push(row('note', 'Node 20 is past its end of life: it works and is tested, but move to 22 or 24'))
  }
  // In production no auth string belongs on a screen.
  if (process.env.NODE_ENV !== 'production') lines.push('', ...examples(project, ports))
  return lines.join('\n')
}

const row = (name: string, text: string) => `  ${name.padEnd(8)} ${text}`

function examples({ config }: Project, ports: Started['ports']): string[] {
  const [first] = Object.entries(ports)
  if (first === undefined) return []
  const [name, port] = first
  const url = localAddressOf(config.outside[name]?.host ?? '', port)
  const script = relative(process.cwd(), process.argv[1] ?? '') || 'dist/Public/console.js'
  const auth = makeAuth(EXAMPLE, config)
  // The other terminal does not know a key that stands in the environment of this one.
  const own = process.env.APP_AUTH_KEY === undefined ? '' : `--auth '${auth}' `
  return [
    'Try it, in another terminal in this folder:',
    `  node ${quote(script)} call --url ${quote(url)} ${own}index.index.index '{"name":"hello"}'`,
    'or connect any WebSocket client, as the user 1 of room A:',
    `  ${url}?auth=${auth}`,
  ]
}

/** A word for a shell. */
const quote = (word: string) => (/^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
