import { readdirSync, readFileSync } from 'node:fs'

/** What all threads of some processes have had of their cores so far, in microseconds. */
export interface CpuTime {
  /** On a core, in user code or in the kernel. */
  readonly used: number
  /** Ready to run, while somebody else had the core. */
  readonly waited: number
}

export function cpuTime(pids: readonly number[]): CpuTime {
  let used = 0
  let waited = 0
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [ran, ready] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
      used += Number(ran) / 1000
      waited += Number(ready) / 1000
    }
  }
  return { used, waited }
}

/** Of /proc/stat. */
const TICK_US = 10_000

/** What a core has done for anybody so far, in microseconds; of what a host does beside this machine, too. */
export function coreTime(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (line?.[1] ?? '').split(' ').map(Number)
  return (user + nice + system + irq + softirq + steal) * TICK_US
}

export const between = (before: CpuTime, after: CpuTime): CpuTime => ({
  used: after.used - before.used,
  waited: after.waited - before.waited,
})

/** `pid` and the processes below it whose command line the pattern fits. */
export function processesOf(pid: number, pattern: RegExp): number[] {
  const found = pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')) ? [pid] : []
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').map(Number).filter(Boolean)
  return [...found, ...children.flatMap((child) => processesOf(child, pattern))]
}
