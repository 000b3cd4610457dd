import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Logger, log } from '../../Library/Log/Log'
import { CLOSES } from '../Errors'
import type { Announcement, Operation, Outcome } from '../Link/Contract'
import { userKey } from '../Record/Keys'
import { encode, encodeParts } from '../Wire/Protocol'
import type { Auth } from './Auth'
import type { Call } from './Call'
import type { Kernel } from './Kernel'
import type { Link } from './Link'
import { Session, type Slot } from './Session'
import { readTarget, type Target } from './Target'
import { To } from './To'
import { Users } from './Users'

/**
 * What a controller holds in hand: one small object a call. Outside a call (hooks, timers, services) one that is bound to no call is
 * injected.
 *
 * What sends returns nothing and goes out in the order of the calls. What writes to Redis returns a promise; the kernel awaits it
 * before the call counts as done, also if the action does not, and answers 503 if the store is away.
 */
export class App {
  readonly #kernel: Kernel
  readonly #call: Call | undefined
  #log: Logger | undefined

  constructor(kernel: Kernel, call?: Call) {
    this.#kernel = kernel
    this.#call = call
  }

  /**
   * Sends to one connection or to a group.
   * @param target an fd (a number or a numeric string), or the key of a group: every fd in that Redis set
   * @param param left out when undefined
   * @throws TypeError for a target that is neither, or a param that cannot be JSON
   */
  sendMessage(target: number | string, status: number, event: string, info: string, param?: unknown): void {
    this.#deliver(readTarget(target), [], status, event, info, param)
  }

  /** `sendMessage` with status 200. */
  sendSuccessMessage(target: number | string, event: string, info: string, param?: unknown): void {
    this.sendMessage(target, 200, event, info, param)
  }

  /** @param target an fd or the key of a group, as for `sendMessage` */
  to(target: number | string): To {
    return this.#to(readTarget(target))
  }

  /** Every connection of a user. */
  toUser(id: string | number, type = 'wechatUser'): To {
    return this.#to({ audience: 'user', name: userKey(type, id) })
  }

  /** Every connection of a public port. */
  toPort(name: string): To {
    return this.#to({ audience: 'port', name })
  }

  /** Every connection. */
  toAll(): To {
    return this.#to({ audience: 'all', name: '' })
  }

  /** Makes the connection a member of a group until it leaves or closes. @returns false when there is no such connection */
  fdJoin(fd: number, group: string): Promise<boolean> {
    return this.#write('join', fd, group)
  }

  /** @returns false when there is no such connection */
  fdLeave(fd: number, group: string): Promise<boolean> {
    return this.#write('leave', fd, group)
  }

  /** Lets the connection leave a Redis set when it closes. @returns false when there is no such connection */
  fdAddCloseKey(fd: number, key: string): Promise<boolean> {
    return this.#write('addCloseKey', fd, key)
  }

  /** @returns false when there is no such connection */
  fdRemoveCloseKey(fd: number, key: string): Promise<boolean> {
    return this.#write('removeCloseKey', fd, key)
  }

  /** Lets the `onClose` of a controller (`Live.User`) be called when the connection closes. @returns false when there is none */
  fdAddController(fd: number, name: string): Promise<boolean> {
    return this.#write('addController', fd, name)
  }

  /** @returns false when there is no such connection */
  fdRemoveController(fd: number, name: string): Promise<boolean> {
    return this.#write('removeController', fd, name)
  }

  /** The fds in a group. */
  groupMembers(group: string): Promise<number[]> {
    return this.#users().members(group)
  }

  groupCount(group: string): Promise<number> {
    return this.#users().count(group)
  }

  /** The user of a connection; undefined when it is closed, or nobody known. */
  user(fd: number): Promise<Auth | undefined> {
    return this.#users().user(fd)
  }

  /** Every open connection of a user, in the order in which they connected. */
  userFds(id: string | number, type = 'wechatUser'): Promise<number[]> {
    return this.#users().fds(id, type)
  }

  isOnline(id: string | number, type = 'wechatUser'): Promise<boolean> {
    return this.#users().isOnline(id, type)
  }

  /** How many connections are open, on all public ports or on one. */
  async connectionCount(port = ''): Promise<number> {
    return Number(await this.#home().ask('count', 0, port))
  }

  /**
   * Closes a connection, or every member of a group.
   * @param code 1000-1003, 1007-1014 or 3000-4999; anything else becomes 4403
   * @param reason at most 123 bytes, the rest is cut
   * @returns how many were closed
   */
  kick(
    target: number | string,
    code: number = CLOSES.kicked.code,
    reason: string = CLOSES.kicked.reason,
  ): Promise<number> {
    const whom = readTarget(target)
    const kick = { target: 'fd' in whom ? whom.fd : whom.name, code, reason }
    const link = 'fd' in whom ? this.#linkTo(whom.fd) : this.#home()
    return this.#track(link.ask('kick', 0, JSON.stringify(kick)).then(Number))
  }

  /**
   * What is kept with a connection, see `slot`. Only of the connection whose call is handled, or another that this worker serves.
   */
  session<Schema extends StandardSchemaV1>(fd: number, slot: Slot<Schema>): Session<Schema> {
    return new Session(this.#kernel, this.#call, fd, slot)
  }

  /** A logger that names the connection and the action. */
  get log(): Logger {
    this.#log ??= this.#call ? log.child({ fd: this.#call.fd, action: this.#call.action }) : log
    return this.#log
  }

  /** Aborted when the call has taken too long, or its connection has closed; never, outside a call. */
  get signal(): AbortSignal {
    return this.#call?.signal ?? new AbortController().signal
  }

  #users(): Users {
    return new Users(this.#kernel)
  }

  #to(target: Target): To {
    return new To(
      {
        send: (to, except, event, info, param) => this.#deliver(to, except, 200, event, info, param),
        report: (to, except, event, info, param) => this.#report(to, except, encode(200, event, info, param)),
      },
      target,
    )
  }

  async #report(target: Target, except: readonly number[], text: string): Promise<Outcome> {
    const link = 'fd' in target ? this.#linkTo(target.fd) : this.#home()
    const announcement: Announcement = { target, except, text }
    const outcome = await this.#track(link.ask('report', 0, JSON.stringify(announcement)))
    if (typeof outcome === 'object') return outcome
    throw new TypeError('the gateway answered a report with what is none')
  }

  #deliver(
    target: Target,
    except: readonly number[],
    status: number,
    event: string,
    info: string,
    param: unknown,
  ): void {
    if ('audience' in target) {
      const from = this.#call?.fd ?? 0
      return this.#home().outbox.publish(
        target.audience,
        target.name,
        except,
        from,
        encodeParts(status, event, info, param),
      )
    }
    const { fd } = target
    if (except.includes(fd)) return
    if (this.#call?.fd !== fd) return this.#linkTo(fd).outbox.send(fd, encodeParts(status, event, info, param))
    if (this.#call.over) {
      this.log.warn({ event }, 'a reply was dropped: the call had already been answered 504')
      return
    }
    this.#call.link.outbox.send(fd, encodeParts(status, event, info, param, this.#call.callId))
  }

  #write(operation: Operation, fd: number, text: string): Promise<boolean> {
    return this.#track(this.#linkTo(fd).ask(operation, fd, text).then(Boolean))
  }

  /** The link to the gateway of a connection. */
  #linkTo(fd: number): Link {
    return this.#kernel.ways.to(fd, this.#call?.link)
  }

  /** The link for what concerns no single connection. */
  #home(): Link {
    return this.#kernel.ways.home(this.#call?.link)
  }

  #track<T>(write: Promise<T>): Promise<T> {
    return this.#call ? this.#call.track(write) : write
  }
}
