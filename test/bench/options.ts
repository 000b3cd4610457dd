import { parseArgs } from 'node:util'

export const HELP = `What the framework costs beside a bare uWebSockets.js server that does the same job by hand (the floor). Rounds in turn;
the server on core 0, the load on core 1. Auth and filter are on as by default; the rate limit is off (APP_RATE=0), else it
would be what is measured.

call    A routed call: the floor does JSON.parse, one Map look-up and JSON.stringify. Same request, same replies.
fan-out A message to a group: the floor does \`publish\`. Same bytes to each member. In process and base mode, on the embedded
        store and on a Redis of its own (a redis-server on PATH).
restart Handshakes that fail while the server is restarted again and again: two gateways on a Redis, with tcp_migrate_req 0 and 1
        where it may be set (as root; it is set back). Only when asked for; under three minutes.

npm run bench [-- options]
  --only W         call, fanout or restart (default the first two); --fanout and --restart are the same as --only
  --quick          short windows, for a first look: about 20 seconds, and a minute for the fan-out
  --rounds N       rounds of each row (default 5, quick 3)
  --seconds S      measured seconds of each window (default 2, quick 0.6)
  --json FILE      the results, every round of them
  --help
call:
  --mode M         base (default), or process: one gateway and one worker, both on the server's core
  --pipeline N     requests that a connection sends at once (default 1)
  --connections L  default 100,1000
  --replies L      1: the acknowledgement is off, 2: it is on (default 1,2)
fan-out:
  --groups L       members of the group (default 1000,5000)
  --burst N        messages that the sender sends at once (default 1: more of them may share a write)
  --gateways L     1, 2 or 1,2 (default 1). 2: two gateways on one Redis against two processes of Socket.IO with its Redis
                   adapter, which is installed for that (npm ci --prefix test/bench/peers)
  --peers          the same as --gateways 1,2
restart:
  --handshakes N   each way (default 20000, quick 2000)
  --rate N         handshakes a second (default 250)`

export const SERVER_CORE = 0
export const LOAD_CORE = 1

/** Milliseconds of load that a fresh server gets before the first round, so that its code is compiled. */
export const FIRST_WARM_UP = 2000

export type Options = ReturnType<typeof readOptions>

/** Times are milliseconds. @throws Error for an option that is none */
export function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      fanout: { type: 'boolean', default: false },
      restart: { type: 'boolean', default: false },
      handshakes: { type: 'string' },
      rate: { type: 'string', default: '250' },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      mode: { type: 'string', default: 'base' },
      pipeline: { type: 'string', default: '1' },
      connections: { type: 'string', default: '100,1000' },
      replies: { type: 'string', default: '1,2' },
      groups: { type: 'string', default: '1000,5000' },
      burst: { type: 'string', default: '1' },
      gateways: { type: 'string' },
      peers: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick, mode, json, help } = values
  const only = values.restart ? 'restart' : values.fanout ? 'fanout' : values.only
  if (only !== undefined && only !== 'call' && only !== 'fanout' && only !== 'restart') {
    throw new Error(`--only is call, fanout or restart, not ${only}`)
  }
  const duration = number('seconds', values.seconds ?? (quick ? '0.6' : '2')) * 1000
  const replies: (1 | 2)[] = values.replies.split(',').map((count) => (count === '2' ? 2 : 1))
  return {
    help,
    json,
    calls: only === undefined || only === 'call',
    fanOut: only === undefined || only === 'fanout',
    restarts: only === 'restart',
    handshakes: number('handshakes', values.handshakes ?? (quick ? '2000' : '20000')),
    rate: number('rate', values.rate),
    quick,
    rounds: number('rounds', values.rounds ?? (quick ? '3' : '5')),
    duration,
    warmUp: duration / 4,
    mode,
    pipeline: number('pipeline', values.pipeline),
    connections: numbers('connections', values.connections),
    replies,
    groups: numbers('groups', values.groups),
    burst: number('burst', values.burst),
    gateways: numbers('gateways', values.gateways ?? (values.peers ? '1,2' : '1')),
  }
}

function number(option: string, text: string): number {
  const value = Number(text)
  if (value > 0) return value
  throw new Error(`--${option} is a number above 0, not ${text}`)
}

const numbers = (option: string, text: string) => text.split(',').map((one) => number(option, one))
