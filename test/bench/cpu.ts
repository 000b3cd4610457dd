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

/** `pid` and the processes below it whose command line the pattern fits. */
export function processesOf(pid: number, pattern: RegExp): number[] {
  const found = pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')) ? [pid] : []
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').map(Number).filter(Boolean)
  return [...found, ...children.flatMap((child) => processesOf(child, pattern))]
}
