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
export const userFdsKey = (type: string, id: string | number) => `WEBSOCKET_USERFDS_${userKey(type, id)}`

/** Counter: the number of the newest gateway boot. */
export const INSTANCES = 'WEBSOCKET_INSTANCES'

/** Set: the fds of one gateway boot; written first and removed last, so that it never lacks one. */
export const instanceFdsKey = (instance: number) => `WEBSOCKET_INSTANCE_${instance}_FDS`

/** An fd is the number of its gateway's boot and a sequence in it, so it is never used again. */
export const FDS_AN_INSTANCE = 2 ** 32

export const instanceOf = (fd: number) => Math.floor(fd / FDS_AN_INSTANCE)

/** Whether `value` can be an fd. */
export const isFd = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0
