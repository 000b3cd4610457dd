import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { Command } from 'commander'
import { isObject } from '../Wire/Protocol'
import type { Route, RoutesNews } from '../Worker/routes'
import { presentFolder } from './project'

const ENTRY = join(__dirname, '..', 'Worker', 'routes.js')

/** How long one file may take to load, in milliseconds. */
const LOAD_MS = 30_000

export function addRoutes(program: Command): void {
  program
    .command('routes')
    .description('list what clients can call: every module.controller.action of dist/, who may, and what it wants')
    .option('--json', 'with the whole schema of the data, as JSON Schema')
    .addHelpText('after', '\nNo server needs to run. The code is loaded in a process of its own, as a worker loads it.')
    .action(async ({ json }: { json?: boolean }) => {
      const routes = await readRoutes(presentFolder())
      console.log(json ? JSON.stringify(routes, undefined, 2) : table(routes))
    })
}

/** @throws Error that says why the code does not load */
function readRoutes(folder: string): Promise<readonly Route[]> {
  // What user code prints is no part of the result.
  const child = fork(ENTRY, [folder], { execArgv: ['--enable-source-maps'], stdio: ['ignore', 2, 2, 'ipc'] })
  return new Promise<readonly Route[]>((resolve, reject) => {
    let file = 'the start of the process'
    const wait = () =>
      setTimeout(() => {
        reject(new Error(`${file} hangs: it did not go on for ${LOAD_MS / 1000} s`))
        child.kill('SIGKILL')
      }, LOAD_MS)
    let late = wait()
    child.on('message', (news: RoutesNews) => {
      clearTimeout(late)
      if ('routes' in news) return resolve(news.routes)
      if ('failure' in news) return reject(new Error(news.failure))
      file = news.loads
      late = wait()
    })
    child.once('exit', (code, signal) => {
      clearTimeout(late)
      reject(new Error(`${file}: the process that loads the code ended with ${signal ?? code}`))
    })
  })
}

function table(routes: readonly Route[]): string {
  const rows = routes.map(({ method, for: types, data }) => [method, types?.join(', ') ?? 'anybody', shortly(data)])
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A JSON Schema in one line, as TypeScript would write the type. */
function shortly(schema: unknown): string {
  if (schema === null) return ''
  if (typeof schema === 'string') return `a schema of ${schema}`
  if (!isObject(schema)) return 'unknown'
  const { type, properties, required, items, enum: values, const: value, anyOf } = schema
  if (value !== undefined) return JSON.stringify(value)
  if (Array.isArray(values)) return values.map((one) => JSON.stringify(one)).join(' | ')
  if (Array.isArray(anyOf)) return anyOf.map(shortly).join(' | ')
  if (type === 'array') return `(${shortly(items ?? {})})[]`.replace(/^\((\w+)\)/, '$1')
  if (type !== 'object' || !isObject(properties)) return typeof type === 'string' ? type : 'unknown'
  const needed: readonly unknown[] = Array.isArray(required) ? required : []
  const fields = Object.entries(properties).map(
    ([name, one]) => `${name}${needed.includes(name) ? '' : '?'}: ${shortly(one)}`,
  )
  return `{ ${fields.join(', ')} }`
}
