import type { Bytes } from '../Link/Contract'
import type { Connection } from './Connection'

/** Brings the texts of a worker to single connections. */
export class Deliveries {
  #to: Connection | undefined
  #texts: Bytes[] = []

  /** Neighbouring texts for one connection go out in one write: the acknowledgement and the answer, say. */
  send(connection: Connection, text: Bytes): void {
    if (this.#to !== connection) this.flush()
    this.#to = connection
    this.#texts.push(text)
  }

  /** Hands over what `send` has gathered. */
  flush(): void {
    const connection = this.#to
    if (connection === undefined) return
    const [only] = this.#texts
    if (this.#texts.length === 1 && only !== undefined) connection.send(only)
    else connection.sendAll(this.#texts)
    this.#to = undefined
    this.#texts = []
  }
}
