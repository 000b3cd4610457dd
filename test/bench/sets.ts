/** What `--only` can ask for, and what each set consists of. */
interface RowSet {
  /** undefined: only by name. */
  readonly name: 'main' | 'peers' | 'scale' | 'layers' | undefined
  readonly rows: readonly { readonly name: string; readonly what: string }[]
}

export const SETS = [
  {
    name: 'main',
    rows: [
      { name: 'call', what: 'a routed call at saturation, with and without acknowledgement' },
      { name: 'checked', what: 'the same of a guarded, validated, constructor-injected controller' },
      { name: 'latency', what: 'of a call, at half and at a quarter of saturation' },
      { name: 'fanout', what: 'a message to a group, one gateway' },
      { name: 'fanout2', what: 'a message to a group, two gateways on a Redis' },
      { name: 'handshake', what: 'auth, upgrade and registration; and the way back' },
      { name: 'idle', what: 'memory of an idle connection' },
      { name: 'compute', what: 'handlers that compute, one worker and two' },
      { name: 'reload', what: 'the longest wait of a call while the server reloads, and what is lost' },
      { name: 'start', what: 'from the command to listening, and memory of the processes' },
    ],
  },
  {
    name: 'peers',
    rows: [
      { name: 'peers-call', what: 'a routed call of each' },
      { name: 'peers-fanout', what: 'a message to a group of each, one process' },
      { name: 'peers-fanout2', what: 'a message to a group, two processes, Socket.IO with its Redis adapter' },
      { name: 'peers-idle', what: 'memory of an idle connection of each' },
    ],
  },
  {
    name: 'scale',
    rows: [
      { name: 'scale-idle', what: 'memory of an idle connection, 50,000 of them' },
      { name: 'scale-call', what: 'a call with few and with many connections' },
      { name: 'scale-group', what: 'a group send in Redis with few and with many members' },
      { name: 'scale-open', what: 'a handshake with few and with many connections open' },
    ],
  },
  { name: 'layers', rows: [{ name: 'layers', what: 'what each layer takes of a call' }] },
  {
    name: undefined,
    rows: [
      { name: 'restart', what: 'handshakes that fail while the server restarts again and again; sets tcp_migrate_req' },
    ],
  },
] as const satisfies readonly RowSet[]

export type RowName = (typeof SETS)[number]['rows'][number]['name']

const ALL: readonly RowName[] = SETS.flatMap(({ rows }) => rows.map(({ name }) => name))

interface Wanted {
  readonly peers: boolean
  readonly scale: boolean
  readonly layers: boolean
  readonly all: boolean
  readonly only?: string
}

/** @returns the names of the rows that these options ask for, in order @throws Error for one that is none */
export function rowsOf({ peers, scale, layers, all, only }: Wanted): RowName[] {
  if (only !== undefined) {
    const names = only.split(',')
    const unknown = names.find((name) => !ALL.some((row) => row === name))
    if (unknown !== undefined) throw new Error(`--only knows no row ${unknown}; it has ${ALL.join(', ')}`)
    return ALL.filter((row) => names.includes(row))
  }
  const chosen = {
    main: all || !(peers || scale || layers),
    peers: all || peers,
    scale: all || scale,
    layers: all || layers,
  }
  return SETS.flatMap(({ name, rows }) => (name !== undefined && chosen[name] ? rows.map((row) => row.name) : []))
}
