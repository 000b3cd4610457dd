import type { Closed } from '../App/Action'
import type { Dispatcher } from './Dispatcher'
import type { Peer } from './Peer'

/** Runs the hooks of a close, for the living and the dead: one after the other, and one that throws does not stop the rest. */
export class Closer {
  readonly #dispatcher: Dispatcher

  constructor(dispatcher: Dispatcher) {
    this.#dispatcher = dispatcher
  }

  async close(peer: Peer, closeCode: number, controllers: readonly string[]): Promise<void> {
    const { fd, link, auth, code } = peer
    const data: Closed = auth === undefined ? { fd, closeCode } : { fd, closeCode, code, auth }
    for (const controller of controllers) {
      await this.#dispatcher.hook(peer, 'onClose', controller, data)
      link.toGateway.told(fd, controller)
    }
  }
}
