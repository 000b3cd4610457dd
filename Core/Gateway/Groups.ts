import { groupChannel } from '../Record/Keys'
import type { Bus } from './Bus'
import type { Connection } from './Connection'
import type { Hub } from './Hub'
import type { Registry } from './Registry'

/** Who is in which group here: on record, with the engine, and with Redis, which then brings what others send to the group. */
export class Groups {
  readonly #hub: Hub
  readonly #registry: Registry
  readonly #bus: Bus | undefined
  /** Joins that have begun and not ended, by group. */
  readonly #joining = new Map<string, Set<Promise<boolean>>>()

  constructor(hub: Hub, registry: Registry, bus: Bus | undefined) {
    this.#hub = hub
    this.#registry = registry
    this.#bus = bus
  }

  /**
   * @returns whether the connection is now a member, which every message to the group from here on reaches; not when it has closed
   *   or left meanwhile
   * @throws StoreAway; it is no member then
   */
  join(connection: Connection, group: string): Promise<boolean> {
    return this.during(group, this.#join(connection, group))
  }

  /**
   * Lets what is sent to a group wait while somebody is about to become a member, here or elsewhere (rule 15).
   * @returns the same promise
   */
  during(group: string, join: Promise<boolean>): Promise<boolean> {
    const joins = this.#joining.get(group) ?? new Set()
    this.#joining.set(group, joins.add(join))
    const ended = () => {
      joins.delete(join)
      if (joins.size === 0) this.#joining.delete(group)
      this.#release(group)
    }
    join.then(ended, ended)
    return join
  }

  async leave(connection: Connection, group: string): Promise<void> {
    this.#hub.leave(connection, group)
    this.#release(group)
    await this.#registry.leave(connection, group)
  }

  /** The connection has closed; the hub has forgotten it. */
  gone({ groups }: Connection): void {
    for (const group of groups ?? []) this.#release(group)
  }

  /** Whether somebody is about to become a member: what is sent meanwhile waits (rule 15). */
  joining(group: string): boolean {
    return this.#joining.has(group)
  }

  /** Resolves when those who are about to become members now are, or will not be; later ones are not waited for. */
  async settled(group: string): Promise<void> {
    await Promise.allSettled(this.#joining.get(group) ?? [])
  }

  async #join(connection: Connection, group: string): Promise<boolean> {
    const listening = this.#bus?.listen(groupChannel(group))
    listening?.catch(() => {}) // looked at below, unless the record fails first
    await this.#registry.join(connection, group)
    try {
      await listening
    } catch (error) {
      this.#registry.leave(connection, group).catch(() => {}) // it is tried again
      throw error
    }
    const member = !connection.closed && (connection.groups?.has(group) ?? false)
    if (member) this.#hub.join(connection, group)
    return member
  }

  #release(group: string): void {
    if (this.#hub.members(group) === undefined && !this.#joining.has(group)) this.#bus?.leave(groupChannel(group))
  }
}
