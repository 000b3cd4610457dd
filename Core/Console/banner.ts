import { relative } from 'node:path'
import type { Project } from '../Project'
import type { Started } from '../Supervisor/main'
import { addressOf, localAddressOf } from './address'
import { frameworkVersion, hasWall } from './project'
import { EXAMPLE, makeAuth } from './user'

/** What people want to know of a server that has started. */
export function banner(project: Project, { engine, ports, manager, store, gateways, workers }: Started): string {
  const { config, runtime } = project
  const lines = [
    `mswoole-ts ${frameworkVersion()} has started, pid ${process.pid}`,
    ...Object.entries(ports).map(([name, port]) => {
      const { host = '', tls } = config.outside[name] ?? {}
      return row(name, addressOf(host, port, tls !== undefined))
    }),
    ...(gateways > 1 ? [row('gateways', String(gateways))] : []),
    row('workers', config.setting.mode === 'base' ? '1, in one process with the gateway (base mode)' : String(workers)),
    row('manager', `${config.manager.host}:${manager}`),
    row('store', store),
    row('runtime', runtime),
    row('engine', `Node ${process.version}, uWebSockets.js ${engine}`),
  ]
  if (Number(process.versions.node.split('.')[0]) < 22) {
    lines.push(row('note', 'Node 20 is past its end of life: it works and is tested, but move to 22 or 24'))
  }
  return lines.join('\n')
}

const row = (name: string, text: string) => `  ${name.padEnd(8)} ${text}`

/** Lines to try, in another terminal; none in production, where no auth string belongs on a screen. */
export function examples(project: Project, { ports }: Started): string[] {
  const { config } = project
  const [first] = Object.entries(ports)
  if (first === undefined || process.env.NODE_ENV === 'production') return []
  const [name, port] = first
  const { host = '', tls } = config.outside[name] ?? {}
  const url = localAddressOf(host, port, tls !== undefined)
  const script = relative(process.cwd(), process.argv[1] ?? '') || 'dist/Public/console.js'
  const auth = makeAuth(EXAMPLE, config)
  // The other terminal does not know a key that stands in the environment of this one.
  const own = process.env.APP_AUTH_KEY === undefined ? '' : `--auth '${auth}' `
  return [
    '',
    'Try it, in another terminal in this folder:',
    `  node ${quote(script)} call --url ${quote(url)} ${own}index.index.index '{"name":"hello"}'`,
    'or connect any WebSocket client, as the user 1 of room A:',
    `  ${url}?auth=${auth}`,
    ...(hasWall(project) ? [WALL, `  node ${quote(script)} demo --port ${port}`] : []),
  ]
}

const WALL = 'or see the wall, on this screen and on a phone:'

/** A word for a shell. */
const quote = (word: string) => (/^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
