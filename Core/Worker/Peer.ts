import { type Auth, readAuth } from '../App/Auth'
import type { Call } from '../App/Call'
import type { SessionState } from '../App/Kernel'
import type { Link } from '../App/Link'
import type { Attachment } from '../Link/Contract'
import type { Clean } from '../Wire/Filter'

/** Something of a connection that waits for its turn. */
export type Turn = () => void | Promise<void>

/** A connection, as the worker that serves it knows it. */
export class Peer implements SessionState {
  readonly fd: number
  /** To the gateway that holds it, or that cleans up after the one which did. */
  link: Link
  readonly port: string
  readonly ip: string
  readonly auth: Auth | undefined
  readonly code: string
  readonly values: Map<string, string>
  /** Turns that wait until the one before them has ended. */
  waiting: Turn[] = []
  /** A turn has begun and not ended. */
  busy = false
  /** The call that is running now. */
  call: Call | undefined

  constructor(fd: number, link: Link, { port, ip, auth, session }: Attachment, clean: Clean) {
    this.fd = fd
    this.link = link
    this.port = port
    this.ip = ip
    this.auth = readAuth(auth, clean)
    this.code = this.auth?.code ?? ''
    this.values = new Map(session === '' ? [] : JSON.parse(session))
  }

  /** Whether the session may change now. */
  get open(): boolean {
    return this.call !== undefined
  }
}
