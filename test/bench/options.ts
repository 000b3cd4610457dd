import { parseArgs } from 'node:util'
import { rowsOf, SETS } from './sets'

export const HELP = `What the framework costs beside a bare uWebSockets.js server that does the same job by hand (the floor). Rounds in turn;
the server on core 0, the load on core 1. Auth, filter and metrics are on; the rate limit is off, else it would be what is
measured. Prints every row as it comes; then the table of targets. Runtime/bench/ gets the results as JSON and as a page.

npm run bench [-- options]
  --peers         instead of the main rows: against ws, Socket.IO, NestJS and Colyseus, which are installed for that
                  (npm ci --prefix test/bench/peers)
  --scale         instead of the main rows: what grows with the number of connections, up to 50,000
  --layers        instead of the main rows: what auth, filter, acknowledgement and validation take of a call
  --all           all of these
  --only ROWS     some rows, by comma
  --quick         for a first look: short windows, less of everything; under two minutes
  --rounds N      rounds of each row (default 5, quick 3)
  --seconds S     measured seconds of each window (default 1, quick 0.25)
  --connections L of the calls (default 100,1000, quick 100)
  --groups L      members of the groups (default 1000,5000, quick 1000)
  --pipeline N    calls that a connection sends at once (default 1)
  --burst N       messages that are sent to a group at once (default 1: more of them may share a write)
  --help

rows:
${SETS.map(({ name, rows }) => rows.map((row) => `  ${row.name.padEnd(16)}${row.what}${name === 'main' ? '' : ` (${name === undefined ? '--only' : `--${name}`})`}`).join('\n')).join('\n')}`

export const SERVER_CORE = 0
export const LOAD_CORE = 1

/** About so long is a window, in milliseconds, before the next server has its turn. */
const TURN_MS = 200

export type Options = ReturnType<typeof readOptions>

/** Times are milliseconds. @throws Error for an option that is none */
export function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      peers: { type: 'boolean', default: false },
      scale: { type: 'boolean', default: false },
      layers: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
      groups: { type: 'string' },
      pipeline: { type: 'string' },
      burst: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick, help } = values
  const number = (option: 'rounds' | 'seconds' | 'pipeline' | 'burst', other: number) =>
    positive(option, values[option] ?? String(other))
  const duration = number('seconds', quick ? 0.25 : 1) * 1000
  return {
    help,
    rows: rowsOf(values),
    quick,
    rounds: number('rounds', quick ? 3 : 5),
    duration,
    warmUp: duration / 4,
    /** A round's window is so many short ones. */
    turns: turns(duration, TURN_MS),
    /** The same where a single message takes long. */
    longTurns: turns(duration, 2.5 * TURN_MS),
    /** Of load that a fresh server gets before the first round, so that its code is compiled. */
    firstWarmUp: quick ? 300 : 2000,
    connections: list('connections', values.connections ?? (quick ? '100' : '100,1000')),
    groups: list('groups', values.groups ?? (quick ? '1000' : '1000,5000')),
    pipeline: number('pipeline', 1),
    burst: number('burst', 1),
  }
}

const turns = (duration: number, each: number) => Math.max(1, Math.round(duration / each))

function positive(option: string, text: string): number {
  const value = Number(text)
  if (value > 0) return value
  throw new Error(`--${option} is a number above 0, not ${text}`)
}

const list = (option: string, text: string) => text.split(',').map((one) => positive(option, one))
