import { buildFixtures, redisServer } from '../../support/programs'
import { type Figure, figure, NOISY, spread } from '../figures'
import { Generator } from '../generator'
import { FIRST_WARM_UP, LOAD_CORE, type Options } from '../options'
import type { FanWindow } from './crowd'
import { describe } from './describe'
import { cpuPerDelivery, type FanFigures, fanFiguresOf } from './figures'
import { type FanSubject, startFloor, startFramework, startSocketIo, Unavailable } from './subjects'

/** Servers that are measured in turn. The first is what the others are compared with. */
interface Comparison {
  readonly title: string
  readonly gateways: 1 | 2
  readonly redis: boolean
  readonly start: readonly (() => Promise<FanSubject>)[]
}

const COMPARISONS: readonly Comparison[] = [
  {
    title: 'one gateway, embedded store',
    gateways: 1,
    redis: false,
    start: [startFloor, framework('process', 'embedded', 1), framework('base', 'embedded', 1)],
  },
  {
    title: 'one gateway, Redis',
    gateways: 1,
    redis: true,
    start: [startFloor, framework('process', 'redis', 1), framework('base', 'redis', 1)],
  },
  {
    title: 'two gateways, Redis',
    gateways: 2,
    redis: true,
    start: [() => startSocketIo(2), framework('process', 'redis', 2)],
  },
]

function framework(mode: 'base' | 'process', store: 'embedded' | 'redis', gateways: number) {
  return () => startFramework({ mode, store, gateways })
}

export interface FanRow {
  readonly name: string
  readonly figures: FanFigures
  /** CPU a delivery, to that of the first row in the same round; not of the first row. */
  readonly ratios?: readonly number[]
  readonly ratio?: Figure
  /** How many members each gateway has, where there are several. */
  readonly spread: string
  readonly rounds: readonly FanWindow[]
}

export interface FanTable {
  readonly title: string
  readonly rows: readonly FanRow[]
  /** The rounds of the first row are too far apart. */
  readonly noisy: boolean
}

/** A message to a group, against bare `publish` and, over two gateways, against Socket.IO. */
export async function measureFanOut(options: Options): Promise<FanTable[]> {
  await buildFixtures(['test/fixtures/fanout'])
  const noRedis = whyNoRedis()
  const tables: FanTable[] = []
  for (const comparison of COMPARISONS) {
    if (!options.gateways.includes(comparison.gateways)) continue
    if (comparison.redis && noRedis) {
      console.log(`\n${comparison.title}: skipped. ${noRedis}`)
      continue
    }
    const subjects = await startAll(comparison)
    if (subjects.length === 0) continue
    const generator = new Generator(LOAD_CORE)
    try {
      for (const group of options.groups) {
        const table = await measure(options, generator, subjects, `${comparison.title}, a group of ${group}`, group)
        tables.push(table)
        console.log(describe(table))
      }
    } finally {
      generator.stop()
      for (const subject of subjects) await subject.stop()
    }
  }
  return tables
}

function whyNoRedis(): string | undefined {
  try {
    redisServer()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Starts those that can be had, and names the others. */
async function startAll({ title, start }: Comparison): Promise<FanSubject[]> {
  const subjects: FanSubject[] = []
  for (const one of start) {
    try {
      subjects.push(await one())
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      console.log(`\n${title}: not all of it. ${error.message}`)
    }
  }
  return subjects
}

async function measure(
  { quick, rounds, warmUp, duration, burst }: Options,
  generator: Generator,
  subjects: readonly FanSubject[],
  title: string,
  group: number,
): Promise<FanTable> {
  const measured: { readonly subject: FanSubject; readonly spread: string; readonly rounds: FanWindow[] }[] = []
  const load = ({ name, pids, store }: FanSubject, warm: number, time: number) =>
    generator.fanOut(name, pids, store, warm, time)
  for (const subject of subjects) {
    const { name, command, message, sender } = subject
    const members = Array.from({ length: group }, (_, index) => subject.member(index))
    const welcomes = await generator.gather(name, { members, sender, command, message, burst })
    await load(subject, quick ? FIRST_WARM_UP / 4 : FIRST_WARM_UP, 100)
    measured.push({ subject, spread: subject.spread(welcomes), rounds: [] })
  }
  for (let round = 0; round < rounds; round++) {
    for (const each of measured) each.rounds.push(await load(each.subject, warmUp, duration))
  }
  for (const { name } of subjects) await generator.disperse(name)
  const [first] = measured
  const rows = measured.map((each): FanRow => {
    const { name } = each.subject
    const row = { name, figures: fanFiguresOf(each.rounds), spread: each.spread, rounds: each.rounds }
    if (first === undefined || each === first) return row
    const ratios = each.rounds.flatMap((one, round) => {
      const beside = first.rounds[round]
      return beside ? cpuPerDelivery(one) / cpuPerDelivery(beside) : []
    })
    return { ...row, ratios, ratio: figure(ratios) }
  })
  const [reference] = rows
  return { title, rows, noisy: reference !== undefined && spread(reference.figures.cpu) > NOISY }
}
