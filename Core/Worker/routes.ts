import 'reflect-metadata'
import { join } from 'node:path'
import { Cache } from '../../Library/Cache/Cache'
import { DB } from '../../Library/DB/DB'
import { log } from '../../Library/Log/Log'
import { EXIT } from '../Handler'
import { openProject, readDb } from '../Project'
import { isObject } from '../Wire/Protocol'
import type { ActionEntry } from './Controllers'
import { loadSources } from './Sources'
import { Watch } from './Watch'
import { Worker } from './Worker'

/** What clients can call, for people and programs that look at a project. */
export interface Route {
  /** As clients call it. */
  readonly method: string
  /** As the code spells it. */
  readonly action: string
  /** The auth types that may call it; null: anybody. */
  readonly for: readonly string[] | null
  /** What others are answered: status, event, info; null: 403 forbidden. */
  readonly refuse: readonly unknown[] | null
  /** JSON Schema of what clients send; null: anything; a text: the schema cannot be shown, and is of this library. */
  readonly data: unknown
}

/** What the process tells who started it. */
export type RoutesNews =
  | { readonly loads: string }
  | { readonly routes: readonly Route[] }
  | { readonly failure: string }

/** A process that loads the user's code as a worker does, tells what clients can call, and ends: what loading starts ends with it. */
function main(folder: string): readonly Route[] {
  log.level = 'silent' // that Redis is away, say, which does not matter here
  const project = openProject(folder, process.env)
  const { root, runtime, config, cache } = project
  DB.configure(readDb(project, process.env))
  const here = { url: join(runtime, 'store.sock') }
  Cache.configure({
    master: cache.master.url === '' ? here : cache.master,
    task: cache.task.url === '' ? here : cache.task,
  })
  const sources = loadSources(root, (file) => tell({ loads: file }))
  const worker = new Worker(config, Cache.get('master'), sources, new Watch())
  return [...worker.actions].map(describe)
}

function describe({ name, types, options }: ActionEntry): Route {
  return {
    method: name.toLowerCase(),
    action: name,
    for: types === undefined ? null : [...types],
    refuse: options.refuse ?? null,
    data: options.data === undefined ? null : schemaOf(options.data['~standard']),
  }
}

/** By Standard JSON Schema, where the library of the schema has it. */
function schemaOf(standard: { readonly vendor: string; readonly jsonSchema?: unknown }): unknown {
  const { vendor, jsonSchema } = standard
  try {
    if (isObject(jsonSchema) && typeof jsonSchema.input === 'function') {
      return jsonSchema.input({ target: 'draft-2020-12' })
    }
  } catch {
    // It has a part, a transformation perhaps, for which JSON Schema has no word.
  }
  return vendor
}

function tell(news: RoutesNews, then = () => {}): void {
  process.send?.(news, undefined, undefined, then)
}

try {
  tell({ routes: main(process.argv[2] ?? '.') }, () => process.exit(EXIT.done))
} catch (error) {
  tell({ failure: error instanceof Error ? error.message : String(error) }, () => process.exit(EXIT.failed))
}
