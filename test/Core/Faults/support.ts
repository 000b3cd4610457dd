import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { type Account, Load } from '../../support/load'
import type { Server } from '../../support/server'

/** A process, as the system knows it. */
export interface Process {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** Every process that runs. */
export function processes(): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      const [state, parent] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent), command }]
    } catch {
      return [] // it has ended between the two
    }
  })
}

const childrenOf = (server: Server) => processes().filter(({ parent }) => parent === server.process.pid)

/** Pids of the workers, those that are starting included. */
export function workersOf(server: Server): number[] {
  return childrenOf(server).flatMap(({ pid, command }) => (command.endsWith('Worker/main.js') ? pid : []))
}

/** The pid of the process that holds the sockets. */
export function gatewayOf(server: Server): number {
  const gateway = childrenOf(server).find(({ command }) => /(Gateway|Base)\/main\.js$/.test(command))
  if (gateway === undefined) throw new Error('the server has no gateway')
  return gateway.pid
}

/** The most memory that a process ever had, in MiB. */
export function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024)
}

export interface Counted {
  readonly pid: number
  readonly fd: number
  readonly count: number
}

/** Who answers, and for the how manieth time. */
export async function count(client: Client): Promise<Counted> {
  const { param } = await client.call('fault.work.count')
  return readCounted(param)
}

export function readCounted(param: unknown): Counted {
  const { pid, fd, count }: { pid?: unknown; fd?: unknown; count?: unknown } = Object(param)
  return { pid: Number(pid), fd: Number(fd), count: Number(count) }
}

/** Two clients, one on each of the two workers. */
export async function onePerWorker(server: Server): Promise<[Client, Client]> {
  const clients = await Promise.all([
    Client.connect(server.url(), phone('a')),
    Client.connect(server.url(), phone('b')),
    Client.connect(server.url(), phone('c')),
  ])
  const pids = await Promise.all(clients.map((client) => count(client).then(({ pid }) => pid)))
  const [first, ...others] = clients
  const other = others.find((_, index) => pids[index + 1] !== pids[0])
  if (first === undefined || other === undefined) throw new Error(`all are served by ${pids}`)
  await Promise.all(clients.filter((client) => client !== first && client !== other).map((client) => client.close()))
  return [first, other]
}

/** Every call was answered or named, once and in order, and nobody fell. */
export function expectNothingLost(account: Account): void {
  const { sent, answered, named, refused } = account
  expect(account).toMatchObject({ lost: 0, doubled: 0, outOfOrder: 0, fallen: 0, refused: 0 })
  expect(answered + named + refused).toBe(sent)
}

/** Resolves when none of these processes runs any more. */
export async function ended(pids: readonly number[], deadlineMs?: number): Promise<void> {
  await eventually(() => {
    const running = processes().filter(({ pid }) => pids.includes(pid))
    expect(running).toEqual([])
  }, deadlineMs)
}

/** Prints what a test measured, so that a run says how far from its bounds the machine is. */
export function measured(what: string, figures: object): void {
  process.stderr.write(`measured: ${what}: ${JSON.stringify(figures)}\n`)
}

/** Twenty clients that call all the while, two calls in flight each: what a fault must not harm. */
export async function loadBeside(server: Server): Promise<Load> {
  const load = await Load.connect({
    url: server.url(),
    clients: 20,
    inFlight: 2,
    method: 'fault.work.count',
    data: () => ({ ms: 10 }),
  })
  load.run()
  return load
}
