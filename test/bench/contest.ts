import { type Figure, figure, percent, short } from './figures'
import { joined, type Window } from './load/meter'
import type { Bar, Claim, Target } from './row'
import { claim } from './row'

/** Somebody who takes part in every round. */
export interface Contestant<Result = Window> {
  readonly name: string
  round(): Promise<Result>
}

/** What each has shown, round by round. */
export type Rounds<Result = Window> = Readonly<Record<string, readonly Result[]>>

/** Rounds in turn. Every other one goes backwards, so that nobody always comes after the same one. */
export async function compete<Result>(rounds: number, all: readonly Contestant<Result>[]): Promise<Rounds<Result>> {
  const shown: Record<string, Result[]> = Object.fromEntries(all.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const { name, round: run } of round % 2 === 0 ? all : [...all].reverse()) shown[name]?.push(await run())
  }
  return shown
}

/** Rounds of several short windows each, in turn: what the machine is like for a while, it is like for all of them. */
export async function competeByTurns(rounds: number, turns: number, all: readonly Contestant[]): Promise<Rounds> {
  const shown = await compete(rounds * turns, all)
  const round = (windows: readonly Window[], index: number) => joined(windows.slice(index * turns, (index + 1) * turns))
  return Object.fromEntries(
    Object.entries(shown).map(([name, windows]) => [
      name,
      Array.from({ length: rounds }, (_, index) => round(windows, index)),
    ]),
  )
}

/** One figure of a contestant over all rounds. */
export const over = <Result>(rounds: Rounds<Result>, name: string, of: (result: Result) => number): Figure =>
  figure((rounds[name] ?? []).map(of))

/** One figure of a contestant to one, mostly the same, of another one in the same round. */
export function ratio<Result>(
  rounds: Rounds<Result>,
  name: string,
  to: string,
  of: (result: Result) => number,
  ofOther: (result: Result) => number = of,
): Figure {
  const others = rounds[to] ?? []
  return figure(
    (rounds[name] ?? []).flatMap((mine, round) => {
      const other = others[round]
      return other === undefined ? [] : of(mine) / ofOther(other)
    }),
  )
}

/** Server CPU microseconds a call, a delivery or a handshake: seconds a million of them. */
export const cpuEach = ({ server, count }: Window) => server / count

const COLUMNS = ['a second', 'p50 us', 'p99 us', 'server', 'load']

/** What contestants under load have in common. */
export const bars = (rounds: Rounds): { readonly unit: string; columns: string[]; bars: Bar[] } => ({
  unit: 'CPU us each',
  columns: COLUMNS,
  bars: Object.keys(rounds).map((name) => {
    const of = (value: (window: Window) => number) => over(rounds, name, value)
    return {
      name,
      figure: of(cpuEach),
      cells: [
        of(({ count, seconds }) => count / seconds).median.toFixed(0),
        short(of(({ p50 }) => p50).median),
        short(of(({ p99 }) => p99).median),
        percent(of(serverBusy)),
        percent(of(loadBusy)),
      ],
    }
  }),
})

/** How much of its core the server, with its redis-server, has used. */
const serverBusy = ({ server, store, seconds }: Window) => (server + store) / 1e6 / seconds
const loadBusy = ({ load, seconds }: Window) => load / 1e6 / seconds
const othersBusy = ({ others, seconds }: Window) => others / 1e6 / seconds

/** Share of a core from which on it counts as full. */
const FULL = 0.95

/** Whether each server was as busy as it can be; and where not, whose fault that was. */
export function saturation(rounds: Rounds): string[] {
  return Object.keys(rounds).flatMap((name) => {
    const server = over(rounds, name, serverBusy).median + over(rounds, name, othersBusy).median
    const load = over(rounds, name, loadBusy)
    if (server >= FULL) return []
    if (load.median < FULL) return `The load did not fill ${name}: what it does a second is not all that it can do.`
    return `The load generator was the bottleneck with ${name}: ${percent(load)} of its core, the server's ${(server * 100).toFixed(0)}%.`
  })
}

/** What CPU time each of something takes, to the floor's. */
export const toFloor = (rounds: Rounds, name: string, target?: Target, what = `${name} to the floor`): Claim =>
  claim(what, 'x', ratio(rounds, name, 'floor', cpuEach), target, over(rounds, 'floor', cpuEach))
