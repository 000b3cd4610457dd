import type { Script } from './Script'

/** KEYS[1] UIDTOFD, ARGV user id, fd, and so on: takes out each user of whom that fd is still the newest. Answers their ids. */
export const REMOVE_FDS: Script = {
  keys: 1,
  lua: `local gone = {}
for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then
    redis.call('HDEL', KEYS[1], ARGV[i])
    gone[#gone + 1] = ARGV[i]
  end
end
return gone`,
  twin: (call, [key = ''], args) => {
    const gone: string[] = []
    for (let at = 0; at < args.length; at += 2) {
      const [id = '', fd = ''] = args.slice(at, at + 2)
      if (call('HGET', key, id) !== fd) continue
      call('HDEL', key, id)
      gone.push(id)
    }
    return gone
  },
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

/**
 * KEYS[1] a lease, ARGV boot id, milliseconds: renews the lease if it is that boot's, takes it if it is nobody's. Answers `HELD`,
 * `TAKEN`, or `REFUSED` when it is somebody else's.
 */
export const HOLD: Script = {
  keys: 1,
  lua: `local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if holder then return 1 end
return 2`,
  twin: (call, [key = ''], [boot = '', ms = '']) => {
    const holder = call('GET', key)
    if (holder !== null && holder !== boot) return REFUSED
    call('SET', key, boot, 'PX', ms)
    return holder === null ? TAKEN : HELD
  },
}

export const REFUSED = 0
export const HELD = 1
export const TAKEN = 2

/**
 * KEYS[1] the lease of an instance, ARGV[1] the boot id of a process that is dead for certain (or empty), ARGV[2] what a dead one
 * has, ARGV[3] milliseconds: makes the lease a tombstone if it is nobody's or that boot's. Answers 1 if it is a tombstone now.
 */
export const CONDEMN: Script = {
  keys: 1,
  lua: `local holder = redis.call('GET', KEYS[1])
if holder == ARGV[2] then return 1 end
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`,
  twin: (call, [key = ''], [boot = '', dead = '', ms = '']) => {
    const holder = call('GET', key)
    if (holder === dead) return 1
    if (holder !== null && holder !== boot) return 0
    call('SET', key, dead, 'PX', ms)
    return 1
  },
}

/**
 * KEYS[1] the fds of a user, ARGV fd, its time, policy, then fds that are dead for certain: takes the dead ones out and puts the fd
 * in; not, with the policy `rejectNew`, where others are. Answers the others. An fd that is in already is no login: it has no others,
 * so that of two only the first one is told to go (rule 12).
 */
export const LOGIN: Script = {
  keys: 1,
  lua: `for i = 4, #ARGV do redis.call('ZREM', KEYS[1], ARGV[i]) end
local others = redis.call('ZRANGE', KEYS[1], 0, -1)
for _, other in ipairs(others) do if other == ARGV[1] then return {} end end
if ARGV[3] ~= 'rejectNew' or #others == 0 then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end
return others`,
  twin: (call, [key = ''], [fd = '', time = '', policy = '', ...dead]) => {
    for (const one of dead) call('ZREM', key, one)
    const others = call('ZRANGE', key, 0, -1)
    if (!Array.isArray(others) || others.includes(fd)) return []
    if (policy !== 'rejectNew' || others.length === 0) call('ZADD', key, time, fd)
    return others
  },
}

export const SCRIPTS: readonly Script[] = [REMOVE_FDS, RAISE, HOLD, CONDEMN, LOGIN]
