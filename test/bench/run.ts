import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { engineVersion } from '../../Core/Gateway/Engine'
import { authString, phone } from '../support/client'
import { ACKNOWLEDGEMENT, ANSWER, REQUEST } from './call'
import type { Window } from './crew'
import { cpuPerCall, type Figure, type Figures, figure, figuresOf, spread } from './figures'
import { Generator } from './generator'
import { type Subject, startFloor, startFramework } from './subjects'

const HELP = `The routed call of the framework against the floor: a bare uWebSockets.js server that does JSON.parse, one Map look-up
and JSON.stringify by hand. Same request, same replies, rounds in turn; the server on core 0, the load on core 1.
Auth and filter are on as by default; the rate limit is off (APP_RATE=0), else it would be what is measured.

npm run bench [-- options]
  --quick          short windows: about 20 seconds, for a first look
  --rounds N       rounds of each row (default 5, quick 3)
  --seconds S      measured seconds of each window (default 2, quick 0.6)
  --mode M         base (default), or process: one gateway and one worker, both on the server's core
  --pipeline N     requests that a connection sends at once (default 1)
  --connections L  default 100,1000
  --replies L      1: the acknowledgement is off, 2: it is on (default 1,2)
  --json FILE      the results, every round of them
  --help`

const SERVER_CORE = 0
const LOAD_CORE = 1

/** A floor whose rounds are further apart than this says that the machine had other things to do. */
const NOISY = 0.15

/** Share of the time beyond which it is said that others had the server's core. */
const CONTESTED = 0.1

/** Share of the time that a saturated server is running or ready to. */
const SATURATED = 0.9

/** Milliseconds of load that a fresh server gets before the first round, so that its code is compiled. */
const FIRST_WARM_UP = 2000

interface Row {
  readonly connections: number
  readonly replies: 1 | 2
  readonly rounds: readonly { readonly floor: Window; readonly framework: Window }[]
  readonly floor: Figures
  readonly framework: Figures
  /** The same at half of the calls a second that the framework does at its best. */
  readonly half: { readonly floor: Figures; readonly framework: Figures }
  /** CPU a call, the framework's to the floor's of the same round. */
  readonly ratio: Figure
  readonly noisy: boolean
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    mode: { type: 'string', default: 'base' },
    pipeline: { type: 'string', default: '1' },
    connections: { type: 'string', default: '100,1000' },
    replies: { type: 'string', default: '1,2' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const rounds = number('rounds', values.rounds ?? (values.quick ? '3' : '5'))
const duration = number('seconds', values.seconds ?? (values.quick ? '0.6' : '2')) * 1000
const warmUp = duration / 4
const pipeline = number('pipeline', values.pipeline)

function number(option: string, text: string): number {
  const value = Number(text)
  if (value > 0) return value
  throw new Error(`--${option} is a number above 0, not ${text}`)
}

async function measureAll(): Promise<Row[]> {
  const generator = new Generator(LOAD_CORE)
  const rows: Row[] = []
  try {
    for (const text of values.replies.split(',')) {
      const replies = text === '2' ? 2 : 1
      const [floor, framework] = await Promise.all([
        startFloor(SERVER_CORE, replies),
        startFramework(SERVER_CORE, values.mode, replies),
      ])
      for (const connections of values.connections.split(',').map((count) => number('connections', count))) {
        const row = await measure(generator, { floor, framework }, replies, connections)
        rows.push(row)
        console.log(describe(row))
      }
      await Promise.all([floor.stop(), framework.stop()])
    }
  } finally {
    generator.stop()
  }
  return rows
}

async function measure(
  generator: Generator,
  subjects: { readonly floor: Subject; readonly framework: Subject },
  replies: 1 | 2,
  connections: number,
): Promise<Row> {
  const paths = Array.from({ length: connections }, (_, index) => `/?auth=${authString(phone(String(index + 1)))}`)
  const texts = [ACKNOWLEDGEMENT, ANSWER].slice(-replies).map((reply) => JSON.stringify(reply))
  const load = (name: keyof typeof subjects, warm: number, measured: number, rate = 0) =>
    generator.load(name, subjects[name].pids, warm, measured, rate)
  for (const name of ['floor', 'framework'] as const) {
    await generator.open(name, { port: subjects[name].port, paths, request: REQUEST, replies: texts, pipeline })
    await load(name, values.quick ? FIRST_WARM_UP / 4 : FIRST_WARM_UP, 100)
  }
  const all: Row['rounds'][number][] = []
  for (let round = 0; round < rounds; round++) {
    all.push({ floor: await load('floor', warmUp, duration), framework: await load('framework', warmUp, duration) })
  }
  const framework = figuresOf(all.map((round) => round.framework))
  const rate = framework.callsPerSecond.median / 2
  const atHalf: Row['rounds'][number][] = []
  for (let round = 0; round < rounds; round++) {
    atHalf.push({
      floor: await load('floor', warmUp, duration, rate),
      framework: await load('framework', warmUp, duration, rate),
    })
  }
  await generator.close('floor')
  await generator.close('framework')
  const floor = figuresOf(all.map((round) => round.floor))
  return {
    connections,
    replies,
    rounds: all,
    floor,
    framework,
    half: {
      floor: figuresOf(atHalf.map((round) => round.floor)),
      framework: figuresOf(atHalf.map((round) => round.framework)),
    },
    ratio: figure(all.map((round) => cpuPerCall(round.framework) / cpuPerCall(round.floor))),
    noisy: spread(floor.cpu) > NOISY,
  }
}

function describe({ connections, replies, floor, framework, half, ratio, noisy }: Row): string {
  const lines = [
    '',
    `${connections} connections, ${replies === 1 ? 'one reply (ack off)' : 'two replies (ack on)'}`,
    `  ${'CPU us a call'.padStart(30)}${'calls/s'.padStart(10)}${'p50 us'.padStart(8)}${'p99 us'.padStart(8)}  server  load`,
    line('floor', floor),
    line('framework', framework),
    `  ratio     ${range(ratio)}`,
    ...shares(framework, floor),
    "  at half of the framework's calls a second",
    line('floor', half.floor),
    line('framework', half.framework),
  ]
  if (noisy) {
    const share = (spread(floor.cpu) * 100).toFixed(0)
    lines.push(
      `  The machine was too noisy to judge: the floor's own rounds are ${share}% apart. Run it again when it is quiet.`,
    )
  }
  if (floor.serverWaited.median > CONTESTED || framework.serverWaited.median > CONTESTED) {
    const [mine, other] = [floor, framework].map(({ serverWaited }) => `${(serverWaited.median * 100).toFixed(0)}%`)
    lines.push(
      `  Other programs had the server's core for ${mine} and ${other} of the time: calls/s and latency say little.`,
    )
  }
  if ([floor, framework].some(({ serverBusy, serverWaited }) => serverBusy.median + serverWaited.median < SATURATED)) {
    lines.push('  The server had time left: the load did not fill it. A quieter machine or a larger --pipeline would.')
  }
  return lines.join('\n')
}

/** What each process has of a call, where there are two. */
function shares({ parts }: Figures, floor: Figures): string[] {
  const [gateway, worker] = parts
  if (gateway === undefined || worker === undefined) return []
  const share = (gateway.median / floor.cpu.median).toFixed(2)
  return [`  gateway   ${range(gateway)}  ${share} x the floor's whole call`, `  worker    ${range(worker)}`]
}

function line(name: string, { cpu, callsPerSecond, p50, p99, serverBusy, loadBusy }: Figures): string {
  const whole = (value: Figure, width: number) => value.median.toFixed(0).padStart(width)
  const percent = (value: Figure, width: number) => `${(value.median * 100).toFixed(0)}%`.padStart(width)
  return `  ${name.padEnd(10)}${range(cpu)}${whole(callsPerSecond, 10)}${whole(p50, 8)}${whole(p99, 8)}${percent(serverBusy, 8)}${percent(loadBusy, 6)}`
}

const range = ({ median, least, most }: Figure) =>
  `${median.toFixed(2)} (${least.toFixed(2)}-${most.toFixed(2)})`.padStart(20)

async function main(): Promise<void> {
  if (values.help) return console.log(HELP)
  const machine = `${cpus()[0]?.model}, Node ${process.version}, uWebSockets.js ${engineVersion}`
  console.log(
    `${machine}; ${values.mode} mode, auth on, filter on, no rate limit; ${pipeline} calls in flight a connection`,
  )
  const rows = await measureAll()
  if (values.json)
    writeFileSync(values.json, JSON.stringify({ machine, mode: values.mode, pipeline, rows }, undefined, 2))
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
