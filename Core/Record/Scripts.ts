import type { Script } from './Script'

/** KEYS[1] UIDTOFD, ARGV user id, fd: makes the fd the user's newest. Answers the one before it, or nil. */
export const REPLACE_FD: Script = {
  keys: 1,
  lua: `local old = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return old`,
  twin: (call, [key = ''], [id = '', fd = '']) => {
    const old = call('HGET', key, id)
    call('HSET', key, id, fd)
    return old
  },
}

/** KEYS[1] UIDTOFD, ARGV user id, fd: takes the user out if the fd is still the newest. Answers 1 if it was. */
export const REMOVE_FD: Script = {
  keys: 1,
  lua: `if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])`,
  twin: (call, [key = ''], [id = '', fd = '']) => (call('HGET', key, id) === fd ? call('HDEL', key, id) : 0),
}

/** KEYS[1] a counter, ARGV[1] a number: raises the counter to at least that number. Answers what it then is. */
export const RAISE: Script = {
  keys: 1,
  lua: `local now = tonumber(redis.call('GET', KEYS[1]) or '0')
if now >= tonumber(ARGV[1]) then return now end
redis.call('SET', KEYS[1], ARGV[1])
return tonumber(ARGV[1])`,
  twin: (call, [key = ''], [least = '0']) => {
    const now = Number(call('GET', key) ?? 0)
    if (now >= Number(least)) return now
    call('SET', key, least)
    return Number(least)
  },
}

export const SCRIPTS: readonly Script[] = [REPLACE_FD, REMOVE_FD, RAISE]
