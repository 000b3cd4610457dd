import { log } from '../../Library/Log/Log'
import { Tally } from '../../Library/Log/Tally'
import { gatewayCounts } from '../Metrics/GatewayCounts'
import type { Refusal, User } from './Auth'
import type { Connection } from './Connection'
import type { Gateway } from './Gateway'

const HEARTBEAT = '2'.charCodeAt(0)

export interface DoorOptions {
  /** The name of the public port. */
  readonly name: string
  /** Clients must bring a valid auth string. */
  readonly auth: boolean
}

/** Why a handshake was refused; for the log and the metrics. */
type RefusedFor = keyof typeof gatewayCounts.handshakesRefused

/** Why somebody may not come in. */
type Refused = Refusal | 'too many connections of one address' | 'the server stops'

/** What a public port does, whatever carries its frames: who may come in, and what a frame is. */
export class Door {
  readonly #refused = new Tally<RefusedFor>((reason, count) => {
    log.info({ port: this.#options.name, reason, count }, 'handshakes refused')
  })
  readonly #gateway: Gateway
  readonly #options: DoorOptions

  constructor(gateway: Gateway, options: DoorOptions) {
    this.#gateway = gateway
    this.#options = options
  }

  /** @param auth the auth string; null: none came @returns the connection, which is to be opened, or why there is none */
  admit(ip: string, auth: string | null): Connection | Refused {
    const verified = this.#verify(ip, auth)
    if (typeof verified !== 'string') return this.#gateway.accept(this.#options.name, ip, verified)
    this.refuse(verified)
    return verified
  }

  /** A handshake was refused: that is counted, and logged. */
  refuse(reason: RefusedFor): void {
    gatewayCounts.handshakesRefused[reason]++
    this.#refused.add(reason)
  }

  /** A frame has come. */
  message(connection: Connection, frame: ArrayBuffer): void {
    if (frame.byteLength === 1 && new Uint8Array(frame)[0] === HEARTBEAT) {
      this.#gateway.alive(connection)
      connection.beat()
    } else this.#gateway.message(connection, frame)
  }

  #verify(ip: string, auth: string | null): User | undefined | Refused {
    const gateway = this.#gateway
    if (gateway.stopping) return 'the server stops'
    if (gateway.perIp.full(ip)) return 'too many connections of one address'
    return this.#options.auth ? gateway.auth.verify(auth, Date.now() / 1000) : undefined
  }
}
