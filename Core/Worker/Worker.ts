import type { Redis } from 'ioredis'
import { container } from 'tsyringe'
import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import { App } from '../App/App'
import type { Kernel } from '../App/Kernel'
import type { Link } from '../App/Link'
import type { Attachment, Bytes, Outgoing, ToGateway, ToWorker } from '../Link/Contract'
import { cleaner } from '../Wire/Filter'
import { Closer } from './Closer'
import { type ActionEntry, Controllers, type Hook } from './Controllers'
import { Dispatcher } from './Dispatcher'
import { Links } from './Links'
import { Peer } from './Peer'
import type { Source } from './Sources'
import type { Watch } from './Watch'

/** A link that the worker has taken up. */
export interface Served {
  /** Takes what the gateway says. */
  readonly toWorker: ToWorker
  /** The gateway has gone, and everything that it had said has been taken. */
  lost(): void
}

/** The process with the user's code: takes the turns of every connection it serves, those of one connection one at a time, in order. */
export class Worker {
  /** The one that services are handed, bound to no call. */
  readonly app: App
  readonly #controllers: Controllers
  readonly #dispatcher: Dispatcher
  readonly #closer: Closer
  readonly #links = new Links()
  readonly #kernel: Kernel
  readonly #peers = new Map<number, Peer>()
  /** Messages that it has taken so far. */
  calls = 0

  /**
   * @param redis for reading the record
   * @param watch told of what user code is running
   * @throws LoadError when the controllers cannot be used
   */
  constructor(config: AppConfig, redis: Redis, sources: readonly Source[], watch: Watch) {
    this.#kernel = {
      redis,
      ways: this.#links,
      clean: cleaner(config.filter),
      session: (fd) => this.#peers.get(fd),
    }
    this.app = new App(this.#kernel)
    const own = container.createChildContainer().register(App, { useValue: this.app })
    this.#controllers = new Controllers(sources, own)
    this.#dispatcher = new Dispatcher(this.#controllers, this.#kernel, config, watch)
    this.#closer = new Closer(this.#dispatcher)
  }

  /** All that clients can call. */
  get actions(): Iterable<ActionEntry> {
    return this.#controllers.actions
  }

  /**
   * Takes up the link to a gateway; there may be several.
   * @param instance what the fds of the gateway begin with
   */
  serve(instance: number, toGateway: Outgoing<ToGateway>): Served {
    const link = this.#links.add(instance, toGateway)
    const toWorker: ToWorker = {
      attach: (fd, attachment) => this.#attach(link, fd, attachment),
      message: (fd, frame) => this.#message(link, fd, frame),
      close: (fd, code, controllers) => this.#close(link, fd, code, controllers),
      answer: (id, failure, value) => link.answer(id, failure, value),
    }
    return { toWorker, lost: () => this.#lost(link) }
  }

  /** Calls a hook of every controller that has it, all at once; one that throws is logged. */
  async tellAll(hook: Hook): Promise<void> {
    await Promise.all(
      [...this.#controllers.all].map(async ({ name, hooks }) => {
        try {
          await hooks.get(hook)?.(new App(this.#kernel), {})
        } catch (error) {
          log.error({ err: error, controller: name, hook }, 'a hook failed')
        }
      }),
    )
  }

  #attach(link: Link, fd: number, attachment: Attachment): void {
    const known = this.#peers.get(fd)
    if (known === undefined || !known.busy) {
      this.#peers.set(fd, new Peer(fd, link, attachment, this.#kernel.clean))
    } else if (known.link !== link) {
      // Its gateway has died, and this one cleans up: the close waits for the call that still runs here.
      known.link = link
      known.waiting = []
    }
  }

  #message(link: Link, fd: number, frame: Bytes): void {
    const peer = this.#peer(link, fd)
    if (peer === undefined) return
    this.calls++
    const text = frame.toString()
    if (peer.busy) {
      peer.waiting.push(() => this.#dispatcher.message(peer, text))
      return
    }
    this.#run(peer, this.#dispatcher.message(peer, text))
  }

  #close(link: Link, fd: number, code: number, controllers: readonly string[]): void {
    const peer = this.#peer(link, fd)
    if (peer === undefined) return
    peer.waiting = [] // what has not begun never will
    peer.call?.abort()
    const turn = () =>
      this.#closer.close(peer, code, controllers).finally(() => {
        if (peer.link === link) this.#peers.delete(fd) // else another gateway is going to close it once more
      })
    if (peer.busy) peer.waiting.push(turn)
    else this.#run(peer, turn())
  }

  /** No hooks run because of it: another gateway takes over what this one has left behind, and closes its connections. */
  #lost(link: Link): void {
    this.#links.lose(link)
    for (const peer of this.#peers.values()) {
      if (peer.link !== link) continue
      peer.waiting = []
      peer.call?.abort()
      if (!peer.busy) this.#peers.delete(peer.fd)
    }
  }

  #peer(link: Link, fd: number): Peer | undefined {
    const peer = this.#peers.get(fd)
    if (peer?.link === link) return peer
    // What a dead gateway had still said of a connection that another one has taken over counts no longer.
    if (peer === undefined) log.error({ fd }, 'the gateway speaks of a connection that it never attached')
    return undefined
  }

  /** A turn has begun; the next one begins when it has ended. */
  #run(peer: Peer, turn: void | Promise<void>): void {
    const { link } = peer
    if (turn === undefined) return this.#ended(peer, link)
    peer.busy = true
    turn.finally(() => {
      peer.busy = false
      this.#ended(peer, link)
      while (!peer.busy) {
        const next = peer.waiting.shift()
        if (next === undefined) return
        this.#run(peer, next())
      }
    })
  }

  /** @param link the one that the turn came by */
  #ended(peer: Peer, link: Link): void {
    const { fd } = peer
    if (!link.alive && peer.link === link) this.#peers.delete(fd) // its connection is gone
    if (this.#peers.has(fd)) link.toGateway.done(fd)
    else link.toGateway.closed(fd)
  }
}
