import { authString, phone } from '../support/client'
import { ACKNOWLEDGEMENT, ANSWER, REQUEST } from './call'
import type { Window } from './crew'
import { cpuPerCall, type Figure, type Figures, figure, figuresOf, NOISY, noise, range, spread } from './figures'
import { Generator } from './generator'
import { FIRST_WARM_UP, LOAD_CORE, type Options, SERVER_CORE } from './options'
import { type Subject, startFloor, startFramework } from './subjects'

/** Share of the time beyond which it is said that others had the server's core. */
const CONTESTED = 0.1

/** Share of the time that a saturated server is running or ready to. */
const SATURATED = 0.9

/** How many connections, and whether requests are acknowledged: a row of the table. */
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

/** The routed call of the framework against that of the floor. */
export async function measureCalls(options: Options): Promise<Row[]> {
  const generator = new Generator(LOAD_CORE)
  const rows: Row[] = []
  try {
    for (const replies of options.replies) {
      const [floor, framework] = await Promise.all([
        startFloor(SERVER_CORE, replies),
        startFramework(SERVER_CORE, options.mode, replies),
      ])
      for (const connections of options.connections) {
        const row = await measure(options, generator, { floor, framework }, replies, connections)
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
  { quick, rounds, warmUp, duration, pipeline }: Options,
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
    await load(name, quick ? FIRST_WARM_UP / 4 : FIRST_WARM_UP, 100)
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
  if (noisy) lines.push(noise('the floor', floor.cpu))
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
