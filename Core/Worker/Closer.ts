import type { Closed } from '../App/Action'
import type { ToGateway } from '../Link/Contract'
import type { Dispatcher } from './Dispatcher'
import type { Peer } from './Peer'

/** Runs the hooks of a close, for the living and the dead: one after the other, and one that throws does not stop the rest. */
export class Closer {
  readonly #dispatcher: Dispatcher
  readonly #link: ToGateway

  constructor(dispatcher: Dispatcher, link: ToGateway) {
    this.#dispatcher = dispatcher
    this.#link = link
  }

  async close(peer: Peer, closeCode: number, controllers: readonly string[]): Promise<void> {
    const { fd, auth, code } = peer
    const data: Closed = auth === undefined ? { fd, closeCode } : { fd, closeCode, code, auth }
    for (const controller of controllers) {
      await this.#dispatcher.hook(peer, 'onClose', controller, data)
      this.#link.told(fd, controller)
    }
  }
}
