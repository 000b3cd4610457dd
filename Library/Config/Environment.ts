/** What an environment variable is turned into; what does not fit stays text, for the schema to refuse by name. */
type Kind = 'text' | 'number' | 'flag' | 'list'

interface Override {
  readonly path: readonly string[]
  readonly kind: Kind
}

/** By option path the variable that its value came from, so that an error can name it. */
export type Origins = ReadonlyMap<string, { readonly name: string; readonly kind: Kind }>

/** `*` stands for every public port, `main` for the first one. */
const OVERRIDES: Readonly<Record<string, Override>> = {
  APP_OUTSIDE_HOST: { path: ['outside', 'main', 'host'], kind: 'text' },
  APP_OUTSIDE_PORT: { path: ['outside', 'main', 'port'], kind: 'number' },
  APP_MANAGER_HOST: { path: ['manager', 'host'], kind: 'text' },
  APP_MANAGER_PORT: { path: ['manager', 'port'], kind: 'number' },
  APP_MANAGER_TOKEN: { path: ['manager', 'token'], kind: 'text' },
  APP_AUTH_CHECK: { path: ['outside', '*', 'auth'], kind: 'flag' },
  APP_AUTH_KEY: { path: ['auth', 'key'], kind: 'list' },
  APP_AUTH_TTL: { path: ['auth', 'ttl'], kind: 'number' },
  APP_MODE: { path: ['setting', 'mode'], kind: 'text' },
  APP_ACK: { path: ['ack'], kind: 'flag' },
  APP_RATE: { path: ['limits', 'rate'], kind: 'number' },
  APP_GATEWAYS: { path: ['setting', 'reactor_num'], kind: 'number' },
  APP_WORKERS: { path: ['setting', 'worker_num'], kind: 'number' },
  APP_TASK_WORKERS: { path: ['setting', 'task_worker_num'], kind: 'number' },
  APP_LOG_LEVEL: { path: ['log', 'level'], kind: 'text' },
}

export type Environment = Readonly<Record<string, string | undefined>>

/** A tree of options, before it is checked. */
export type Tree = { [option: string]: unknown }

function read(value: string, kind: Kind): unknown {
  switch (kind) {
    case 'number':
      return /^-?\d+$/.test(value) ? Number(value) : value
    case 'flag':
      return value === '1' ? true : value === '0' ? false : value
    case 'list':
      return value.split(',').map((item) => item.trim())
    case 'text':
      return value
  }
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

function targets(tree: Tree, [first, second, ...rest]: readonly string[]): string[][] {
  if (first !== 'outside' || second === undefined)
    return [[first, second, ...rest].filter((part) => part !== undefined)]
  const ports = isTree(tree.outside) ? Object.keys(tree.outside) : []
  const chosen = second === '*' ? ports : ports.slice(0, 1)
  return (chosen.length > 0 ? chosen : ['main']).map((name) => ['outside', name, ...rest])
}

function put(tree: Tree, path: readonly string[], value: unknown): Tree {
  const [head, ...rest] = path
  if (head === undefined) return tree
  const below = tree[head]
  return { ...tree, [head]: rest.length === 0 ? value : put(isTree(below) ? below : {}, rest, value) }
}

/**
 * Lays the environment over the options of Config/app.ts.
 * @returns the new tree, and where its values came from
 */
export function override(options: Tree, environment: Environment): { tree: Tree; from: Origins } {
  const from = new Map<string, { name: string; kind: Kind }>()
  let tree = options
  for (const [name, { path, kind }] of Object.entries(OVERRIDES)) {
    const value = environment[name]
    if (value === undefined) continue
    for (const target of targets(tree, path)) {
      tree = put(tree, target, read(value, kind))
      from.set(target.join('.'), { name, kind })
    }
  }
  return { tree, from }
}
