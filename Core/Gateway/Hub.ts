import type { Audience, Bytes } from '../Link/Contract'
import { userKey } from '../Record/Keys'
import type { Connection } from './Connection'

/** Publishes to a native topic of one public port; the engine writes the frame once for all members. */
export type Publish = (topic: string, text: Bytes) => void

/** The open connections of this gateway, by fd, by user and by group. */
export class Hub {
  readonly #byFd = new Map<number, Connection>()
  readonly #byPort = new Map<string, number>()
  readonly #byUser = new Map<string, Set<Connection>>()
  readonly #groups = new Map<string, Set<Connection>>()
  readonly #topics: Publish[] = []

  /** A public port has been opened. */
  addPort(publish: Publish): void {
    this.#topics.push(publish)
  }

  add(connection: Connection): void {
    this.#byFd.set(connection.fd, connection)
    this.#byPort.set(connection.port, this.count(connection.port) + 1)
    if (connection.user) addTo(this.#byUser, userKey(connection.user.type, connection.user.id), connection)
  }

  remove(connection: Connection): void {
    if (this.#byFd.delete(connection.fd)) this.#byPort.set(connection.port, this.count(connection.port) - 1)
    if (connection.user) removeFrom(this.#byUser, userKey(connection.user.type, connection.user.id), connection)
    for (const group of connection.groups ?? []) removeFrom(this.#groups, group, connection)
  }

  join(connection: Connection, group: string): void {
    addTo(this.#groups, group, connection)
    connection.subscribe(group)
  }

  leave(connection: Connection, group: string): void {
    removeFrom(this.#groups, group, connection)
    connection.unsubscribe(group)
  }

  get(fd: number): Connection | undefined {
    return this.#byFd.get(fd)
  }

  all(): Iterable<Connection> {
    return this.#byFd.values()
  }

  /** @returns the members that joined a group here; undefined when nobody did, so that it may be a set filled by hand */
  members(group: string): ReadonlySet<Connection> | undefined {
    return this.#groups.get(group)
  }

  /** @returns how many connections are open, on all ports or one */
  count(port?: string): number {
    return port === undefined ? this.#byFd.size : (this.#byPort.get(port) ?? 0)
  }

  /** @returns the connections of an audience that are here, less some fds */
  audience(audience: Audience, name: string, except: readonly number[]): Connection[] {
    const found = [...this.#find(audience, name)]
    return except.length === 0 ? found : found.filter(({ fd }) => !except.includes(fd))
  }

  /** Sends to every member of a group. */
  publish(group: string, text: Bytes): void {
    for (const publish of this.#topics) publish(group, text)
  }

  #find(audience: Audience, name: string): Iterable<Connection> {
    switch (audience) {
      case 'group':
        return this.members(name) ?? []
      case 'user':
        return this.#byUser.get(name) ?? []
      case 'port':
        return [...this.all()].filter(({ port }) => port === name)
      case 'all':
        return this.all()
    }
  }
}

function addTo<Key>(index: Map<Key, Set<Connection>>, key: Key, connection: Connection): void {
  const set = index.get(key)
  if (set) set.add(connection)
  else index.set(key, new Set([connection]))
}

function removeFrom<Key>(index: Map<Key, Set<Connection>>, key: Key, connection: Connection): void {
  const set = index.get(key)
  if (set?.delete(connection) && set.size === 0) index.delete(key)
}
