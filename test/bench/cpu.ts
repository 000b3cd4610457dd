import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** What all threads of some processes have had of a core so far, in user code and in the kernel, in microseconds. */
export function cpuTime(pids: readonly number[]): number {
  let used = 0
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [ran] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
      used += Number(ran) / 1000
    }
  }
  return used
}

/** Of /proc/stat. */
const TICK_US = 10_000

/** What a core has done for anybody so far, in microseconds; of what a host does beside this machine, too. */
export function coreTime(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (line?.[1] ?? '').split(' ').map(Number)
  return (user + nice + system + irq + softirq + steal) * TICK_US
}

/** What all cores have done for anybody so far, in microseconds. */
export function machineTime(): number {
  return cpus().reduce((sum, _, core) => sum + coreTime(core), 0)
}

/** What a process, those that it has started, and those that they have started, have had so far, in microseconds. */
export function familyTime(pid: number): number {
  const stat = statOf(pid)
  if (stat === undefined) return 0
  // After the name, which may hold anything: utime, stime, and both of the children that have ended.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return childrenOf(pid).reduce((sum, child) => sum + familyTime(child), ticks * TICK_US)
}

function statOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined // it has ended just now: its parent has its time
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').map(Number).filter(Boolean)
  } catch {
    return [] // as above
  }
}

const LOOK_MS = 20
const QUIET_US = 1000
const QUIET_DEADLINE_MS = 10_000

/** Waits until these processes have nothing left to do. @throws Error when they go on for 10 s */
export async function quiet(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + QUIET_DEADLINE_MS
  for (let before = cpuTime(pids); performance.now() < deadline; ) {
    await sleep(LOOK_MS)
    const now = cpuTime(pids)
    if (now - before < QUIET_US) return
    before = now
  }
  throw new Error(`the processes ${pids.join(', ')} had no rest for ${QUIET_DEADLINE_MS / 1000} s`)
}

/** Bytes of memory that are a process's own, with its share of what it shares (PSS). */
export function memoryOf(pid: number): number {
  const [, kib] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? []
  return Number(kib) * 1024
}

/** `pid` and the processes below it whose command line the pattern fits. */
export function processesOf(pid: number, pattern: RegExp): number[] {
  const found = pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')) ? [pid] : []
  return [...found, ...childrenOf(pid).flatMap((child) => processesOf(child, pattern))]
}
