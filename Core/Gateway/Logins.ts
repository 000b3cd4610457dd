import type { Redis } from 'ioredis'
import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import { CLOSES } from '../Errors'
import { instanceOf, userFdsKey } from '../Record/Keys'
import { LOGIN } from '../Record/Scripts'
import type { User } from './Auth'
import type { Connection } from './Connection'

/** How often a connection that could not be told to go is told again, in milliseconds. */
const RETRY_MS = 1000

/** Who can reach the other connections of a user. */
export interface Others {
  /** @throws StoreAway */
  isOpen(fd: number): Promise<boolean>
  /** @throws StoreAway */
  kick(fd: number, code: number, reason: string): Promise<unknown>
}

/**
 * What becomes of a second login of one user (`auth.multiLogin`). One script decides, in Redis, who came first: of two logins at once
 * exactly one stays, also across machines.
 */
export class Logins {
  readonly #redis: Redis
  readonly #others: Others
  readonly #unkicked = new Set<number>()
  #policies: AppConfig['auth']['multiLogin']
  #retry: NodeJS.Timeout | undefined

  constructor(redis: Redis, policies: AppConfig['auth']['multiLogin'], others: Others) {
    this.#redis = redis
    this.#policies = policies
    this.#others = others
  }

  configure(policies: AppConfig['auth']['multiLogin']): void {
    this.#policies = policies
  }

  /** Whether a user's fds may stand beside each other, so that nothing has to be decided. */
  allows(user: User | undefined): boolean {
    return user === undefined || (this.#policies[user.type] ?? 'allow') === 'allow'
  }

  /**
   * Puts a connection among those of its user, and closes it or the others as the policy says.
   * @returns whether it may stay
   * @throws StoreAway
   */
  async enter(connection: Connection): Promise<boolean> {
    const { fd, user, openedAt } = connection
    if (user === undefined) return true
    const policy = this.#policies[user.type] ?? 'allow'
    const dead: number[] = []
    for (;;) {
      const key = userFdsKey(user.type, user.id)
      const answer = await this.#redis.eval(LOGIN.lua, 1, key, fd, openedAt, policy, ...dead)
      const others = Array.isArray(answer) ? answer.map(Number) : []
      if (policy === 'kickOld') return this.#replace(others)
      if (policy === 'allow' || others.length === 0) return true
      const open = await Promise.all(others.map((other) => this.#others.isOpen(other)))
      if (open.includes(true)) break
      dead.push(...others) // what a gateway that died has left, say
    }
    log.info({ fd, type: user.type }, 'a second login was refused (auth.multiLogin)')
    connection.close('replaced')
    return false
  }

  stop(): void {
    clearTimeout(this.#retry)
  }

  #replace(others: readonly number[]): true {
    for (const other of others) this.#kick(other)
    return true
  }

  #kick(fd: number): void {
    const { code, reason } = CLOSES.replaced
    this.#others.kick(fd, code, reason).then(
      () => this.#unkicked.delete(fd),
      (error: unknown) => {
        log.warn({ err: error, fd, instance: instanceOf(fd) }, 'an older login could not be closed yet')
        this.#unkicked.add(fd)
        this.#retry ??= setTimeout(() => {
          this.#retry = undefined
          for (const one of this.#unkicked) this.#kick(one)
        }, RETRY_MS)
      },
    )
  }
}
