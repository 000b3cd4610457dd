import { relative } from 'node:path'
import type { Command } from 'commander'
import type { Project } from '../Project'
import { type Started, Supervisor } from '../Supervisor/main'
import { frameworkVersion, presentProject } from './project'
import { EXAMPLE, makeAuth } from './user'

export function addStart(program: Command): void {
  program
    .command('start')
    .description('start the server in the foreground; Ctrl-C (SIGINT) or SIGTERM stops it in good order')
    .action(async () => {
      const project = presentProject()
      const started = await new Supervisor(project).start()
      console.log(banner(project, started))
    })
}

function banner(project: Project, { engine, ports, store, workers }: Started): string {
  const { config, runtime } = project
  const lines = [
    `mswoole-ts ${frameworkVersion()} has started, pid ${process.pid}`,
    ...Object.entries(ports).map(([name, port]) => row(name, `ws://${config.outside[name]?.host}:${port}/`)),
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
  const url = `ws://${config.outside[name]?.host}:${port}/`
  const console = relative(process.cwd(), process.argv[1] ?? '') || 'dist/Public/console.js'
  return [
    'Try it, in another terminal in this folder:',
    `  node ${console} call --url ${url} index.index.index '{"name":"hello"}'`,
    'or connect any WebSocket client, as the user 1 of room A:',
    `  ${url}?auth=${makeAuth(EXAMPLE, config)}`,
  ]
}
