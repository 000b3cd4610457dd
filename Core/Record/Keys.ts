// The names of what stands in Redis. They are part of the contract: PHP code and redis-cli read them.

/** Hash: fd to the user's auth as JSON, less ctime. */
export const FDINFO = 'WEBSOCKET_FDINFO'

/** Hash: user id to the newest fd of that user; users of the type wechatUser only. */
export const UIDTOFD = 'WEBSOCKET_UIDTOFD'

/** The auth type whose users stand in UIDTOFD. */
export const UIDTOFD_TYPE = 'wechatUser'

/** Set: the controllers that want to be told when the fd closes. */
export const controllersKey = (fd: number) => `WEBSOCKET_FdController_${fd}`

/** Set: the keys of the sets that the fd leaves when it closes. */
export const closeKeysKey = (fd: number) => `WEBSOCKET_FdCloseSetKey_${fd}`

/** What a user is called: ids are unique in their auth type only. */
export const userKey = (type: string, id: string | number) => `${type}:${id}`

/** Sorted set: every open fd of a user, by the time it was opened (ms). */
export const userFdsKey = (type: string, id: string | number) => userFdsKeyOf(userKey(type, id))
export const userFdsKeyOf = (user: string) => `WEBSOCKET_USERFDS_${user}`

/** Counter: the number of the newest gateway boot. */
export const INSTANCES = 'WEBSOCKET_INSTANCES'

/** Set: the fds of one gateway boot; written first and removed last, so that it never lacks one. */
export const instanceFdsKey = (instance: number) => `WEBSOCKET_INSTANCE_${instance}_FDS`

/** Set: the gateway boots that are on record: those that live, and those whose fds have not all been taken off yet. */
export const INSTANCE_LIST = 'WEBSOCKET_INSTANCE_LIST'

/** The boot id of the gateway that has this number, as long as it renews it; `DEAD` when the number has been taken from it. */
export const leaseKey = (instance: number) => `WEBSOCKET_INSTANCE_${instance}_LEASE`

/** The value of a lease that nobody can have again: a tombstone. */
export const DEAD = 'dead'

/** The boot id of the gateway that takes a dead one off the record; it runs out when that one dies, too. */
export const reaperKey = (instance: number) => `WEBSOCKET_INSTANCE_${instance}_REAPER`

// The channels between gateways.

/** To every gateway. */
export const ALL_CHANNEL = 'WEBSOCKET_BUS_ALL'

/** To one gateway. */
export const instanceChannel = (instance: number) => `WEBSOCKET_BUS_INSTANCE_${instance}`

/** To the gateways that have members of a group. */
export const groupChannel = (group: string) => `WEBSOCKET_BUS_GROUP_${group}`

/** An fd is the number of its gateway's boot and a sequence in it, so it is never used again. */
export const FDS_AN_INSTANCE = 2 ** 32

export const instanceOf = (fd: number) => Math.floor(fd / FDS_AN_INSTANCE)

/** @returns the fds of each instance */
export function byInstance(fds: readonly number[]): Map<number, number[]> {
  const instances = new Map<number, number[]>()
  for (const fd of fds) {
    const theirs = instances.get(instanceOf(fd))
    if (theirs) theirs.push(fd)
    else instances.set(instanceOf(fd), [fd])
  }
  return instances
}

/** Whether `value` can be an fd. */
export const isFd = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0
