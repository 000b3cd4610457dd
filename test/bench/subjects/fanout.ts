import type { ClientOptions } from '../load/client'
import type { Message } from '../load/frames'
import { type Framework, type FrameworkOptions, startFramework, users } from './framework'
import { FLOOR, FRAMEWORK, JOINED } from './message'
import { type Subject, startFloor } from './program'

/** A server whose fan-out is measured: who listens, who sends. */
export interface FanSubject extends Subject {
  members(count: number): ClientOptions[] | Promise<ClientOptions[]>
  /** Another one each time: some servers let nobody in twice. */
  sender(): ClientOptions | Promise<ClientOptions>
  readonly command: Message
  readonly message: Message
  /** Where the members are told to which of them they belong. */
  readonly gateways?: readonly number[]
}

export async function startFanFloor(): Promise<FanSubject> {
  const floor = await startFloor('publish')
  const { port } = floor
  return {
    ...floor,
    ...FLOOR,
    members: (count) => Array.from({ length: count }, () => ({ port, path: '/member', welcome: JOINED })),
    sender: () => ({ port, path: '/sender' }),
  }
}

export interface FanFramework extends Framework, FanSubject {
  members(count: number): ClientOptions[]
  readonly gateways: readonly number[]
}

export async function startFanFramework(options: FrameworkOptions): Promise<FanFramework> {
  const framework = await startFramework(options)
  const [sender = { port: 0, path: '' }] = users(framework, 1, 0)
  return {
    ...framework,
    ...FRAMEWORK,
    members: (count) =>
      users(framework, count).map((user) => ({ ...user, hello: '{"method":"room.room.join"}', welcome: JOINED })),
    sender: () => sender,
  }
}

/** Who holds a port together with others gets what the kernel gives him. @returns how many each gateway has, such as `512 + 488` */
export function countByGateway(welcomes: readonly string[]): string {
  const counts = new Map<number, number>()
  for (const welcome of welcomes) {
    const instance = Math.floor(Number(JSON.parse(welcome).param) / 2 ** 32)
    counts.set(instance, (counts.get(instance) ?? 0) + 1)
  }
  if (counts.size === 1) throw new Error('all members are on one gateway')
  return [...counts.values()].join(' + ')
}
