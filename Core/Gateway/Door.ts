import { log } from '../../Library/Log/Log'
import { Tally } from '../../Library/Log/Tally'
import type { Refusal } from './Auth'
import type { Connection } from './Connection'
import type { Gateway } from './Gateway'

const HEARTBEAT = '2'.charCodeAt(0)
const HEARTBEAT_ANSWER = '3'

export interface DoorOptions {
  /** The name of the public port. */
  readonly name: string
  /** Clients must bring a valid auth string. */
  readonly auth: boolean
}

/** Why a handshake was refused; for the log. */
type RefusedFor = Refusal | 'too many connections of one address' | 'not a WebSocket handshake'

/** What a public port does, whatever carries its frames: who may come in, and what a frame is. */
export class Door {
  readonly refused = new Tally<RefusedFor>((reason, count) => {
    log.info({ port: this.#options.name, reason, count }, 'handshakes refused')
  })
  readonly #gateway: Gateway
  readonly #options: DoorOptions

  constructor(gateway: Gateway, options: DoorOptions) {
    this.#gateway = gateway
    this.#options = options
  }

  /** @param auth the auth string; null: none came @returns the connection, which is to be opened, or why it is refused */
  admit(ip: string, auth: string | null): Connection | Exclude<RefusedFor, 'not a WebSocket handshake'> {
    const gateway = this.#gateway
    const { name, auth: wanted } = this.#options
    const verified = gateway.perIp.full(ip)
      ? 'too many connections of one address'
      : wanted
        ? gateway.auth.verify(auth, Date.now() / 1000)
        : undefined
    if (typeof verified !== 'string') return gateway.accept(name, ip, verified)
    this.refused.add(verified)
    return verified
  }

  /** A frame has come. */
  message(connection: Connection, frame: ArrayBuffer): void {
    if (frame.byteLength === 1 && new Uint8Array(frame)[0] === HEARTBEAT) {
      this.#gateway.alive(connection)
      connection.send(HEARTBEAT_ANSWER)
    } else this.#gateway.message(connection, frame)
  }
}
