import type { Redis } from 'ioredis'
import { container } from 'tsyringe'
import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import { App } from '../App/App'
import type { Kernel } from '../App/Kernel'
import { Outbox } from '../App/Outbox'
import type { Attachment, Bytes, Outgoing, ToGateway, ToWorker } from '../Link/Contract'
import { cleaner } from '../Wire/Filter'
import { Closer } from './Closer'
import { Controllers, type Hook } from './Controllers'
import { Dispatcher } from './Dispatcher'
import { Peer } from './Peer'
import { Questions } from './Questions'
import type { Source } from './Sources'
import type { Watch } from './Watch'

/** The process with the user's code: takes the turns of every connection it serves, those of one connection one at a time, in order. */
export class Worker implements ToWorker {
  readonly #controllers: Controllers
  readonly #dispatcher: Dispatcher
  readonly #closer: Closer
  readonly #questions: Questions
  readonly #link: ToGateway
  readonly #kernel: Kernel
  readonly #peers = new Map<number, Peer>()
  /** Messages that it has taken so far. */
  calls = 0

  /**
   * @param redis for reading the record
   * @param watch told of what user code is running
   * @throws LoadError when the controllers cannot be used
   */
  constructor(config: AppConfig, redis: Redis, link: Outgoing<ToGateway>, sources: readonly Source[], watch: Watch) {
    this.#link = link
    this.#questions = new Questions(link)
    this.#kernel = {
      redis,
      outbox: new Outbox(link),
      clean: cleaner(config.filter),
      ask: (operation, fd, text) => this.#questions.ask(operation, fd, text),
      session: (fd) => this.#peers.get(fd),
    }
    const own = container.createChildContainer().register(App, { useValue: new App(this.#kernel) })
    this.#controllers = new Controllers(sources, own)
    this.#dispatcher = new Dispatcher(this.#controllers, this.#kernel, link, config, watch)
    this.#closer = new Closer(this.#dispatcher, link)
  }

  attach(fd: number, attachment: Attachment): void {
    this.#peers.set(fd, new Peer(fd, attachment, this.#kernel.clean))
  }

  message(fd: number, frame: Bytes): void {
    const peer = this.#peer(fd)
    if (peer === undefined) return
    this.calls++
    const text = frame.toString()
    if (peer.busy) {
      peer.waiting.push(() => this.#dispatcher.message(peer, text))
      return
    }
    this.#run(peer, this.#dispatcher.message(peer, text))
  }

  close(fd: number, code: number, controllers: readonly string[]): void {
    const peer = this.#peer(fd)
    if (peer === undefined) return
    peer.waiting = [] // what has not begun never will
    peer.call?.abort()
    const turn = () => this.#closer.close(peer, code, controllers).finally(() => this.#peers.delete(fd))
    if (peer.busy) peer.waiting.push(turn)
    else this.#run(peer, turn())
  }

  answer(id: number, failure: string, value: string): void {
    this.#questions.answer(id, failure, value)
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

  #peer(fd: number): Peer | undefined {
    const peer = this.#peers.get(fd)
    if (peer === undefined) log.error({ fd }, 'the gateway speaks of a connection that it never attached')
    return peer
  }

  /** A turn has begun; the next one begins when it has ended. */
  #run(peer: Peer, turn: void | Promise<void>): void {
    if (turn === undefined) return this.#ended(peer)
    peer.busy = true
    turn.finally(() => {
      peer.busy = false
      this.#ended(peer)
      while (!peer.busy) {
        const next = peer.waiting.shift()
        if (next === undefined) return
        this.#run(peer, next())
      }
    })
  }

  #ended({ fd }: Peer): void {
    if (this.#peers.has(fd)) this.#link.done(fd)
    else this.#link.closed(fd)
  }
}
