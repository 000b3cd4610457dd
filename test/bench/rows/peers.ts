import { bars, cpuEach, over, type Rounds, ratio, saturation } from '../contest'
import type { Options } from '../options'
import { type Claim, claim, type Row } from '../row'
import { INDEX, replies } from '../subjects/call'
import { startFanFloor, startFanFramework } from '../subjects/fanout'
import { startFramework, users } from '../subjects/framework'
import { installPeers, peerNames, startPeer, startSocketIoTwice } from '../subjects/peers'
import { type Subject, startFloor } from '../subjects/program'
import { type Callers, callAll } from './call'
import { measure } from './fanout'
import { type Fresh, freshFramework, idleBars, idleRounds } from './idle'
import { Stage } from './stage'

/** Ahead of all. */
const MOST = 1

const OURS = ['floor', 'base', 'process']

/** What each mode takes, to each peer. @param most of it */
function toPeers<Result>(
  rounds: Rounds<Result>,
  modes: readonly string[],
  of: (result: Result) => number,
  most = MOST,
): Claim[] {
  const peers = Object.keys(rounds).filter((name) => !OURS.includes(name))
  return modes.flatMap((mode) =>
    peers.map((peer) =>
      claim(`${mode} to ${peer}`, 'x', ratio(rounds, mode, peer, of), { most }, over(rounds, peer, of)),
    ),
  )
}

/** The same call of the floor, the framework and each peer; auth, filter and metrics are what only the framework has. */
export const peersCall = (options: Options): AsyncGenerator<Row> =>
  Stage.run(async function* (stage) {
    installPeers()
    const ours = await stage.start<Subject>(
      startFloor('call', '1'),
      startFramework({ mode: 'base' }),
      startFramework({ mode: 'process' }),
    )
    const peers = await stage.start(...peerNames.map((name) => startPeer(name)))
    for (const connections of options.connections) {
      const callers: Callers[] = ours.map((subject) => ({
        subject,
        clients: users(subject, connections),
        request: INDEX,
        replies: replies(1),
      }))
      for (const peer of peers) {
        const { request, answer } = peer
        callers.push({ subject: peer, clients: await peer.clients(connections), request, replies: [answer] })
      }
      const rounds = await callAll(stage, options, callers)
      yield {
        name: 'peers-call',
        title: `Call of each, one reply, ${connections} connections`,
        ...bars(rounds),
        claims: toPeers(rounds, ['base', 'process'], cpuEach),
        remarks: ['Auth, filter and metrics are what only base and process do.', ...saturation(rounds)],
        rounds,
      }
    }
  })

export async function* peersFanout(options: Options): AsyncGenerator<Row> {
  installPeers()
  yield* measure(
    options,
    { name: 'peers-fanout', what: 'Group send of each, one process' },
    () => [
      startFanFloor(),
      startFanFramework({ mode: 'process', redis: true }),
      startFanFramework({ mode: 'base', redis: true }),
      ...peerNames.map((name) => startPeer(name)),
    ],
    (rounds) => toPeers(rounds, ['process', 'base'], cpuEach),
  )
}

export async function* peersFanout2(options: Options): AsyncGenerator<Row> {
  installPeers()
  yield* measure(
    options,
    { name: 'peers-fanout2', what: 'Group send over two processes on a Redis, of Socket.IO and of the framework' },
    () => [startSocketIoTwice(), startFanFramework({ mode: 'process', gateways: 2, workers: 2, redis: true })],
    (rounds) => toPeers(rounds, ['process'], cpuEach, 0.5),
  )
}

/** Memory of connections that do nothing, in the process that holds their sockets. */
export async function* peersIdle(options: Options): AsyncGenerator<Row> {
  installPeers()
  const count = options.quick ? 1000 : 10_000
  const rounds = await idleRounds(options, count, { process: freshFramework, ...freshPeers })
  yield {
    name: 'peers-idle',
    title: `Memory of an idle connection of each, ${count} of them`,
    ...idleBars(rounds),
    claims: toPeers(rounds, ['process'], (bytes) => bytes),
    remarks: [],
    rounds,
  }
}

const freshPeers = Object.fromEntries(
  peerNames.map((name) => [
    name,
    async (): Promise<Fresh> => {
      const subject = await startPeer(name)
      return { subject, holders: subject.server, clients: subject.clients }
    },
  ]),
)
