import type { Script } from '../../Core/Record/Script'

/** Adds to a counter and to a log; answers all kinds of replies. */
export const counterScript: Script = {
  lua: `
local before = redis.call('GET', KEYS[1])
local after = redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('RPUSH', KEYS[2], ARGV[2])
return { after + 0.9, ARGV[2], before, redis.call('LRANGE', KEYS[2], 0, -1) }
`,
  keys: 2,
  twin: (call, [counter = '', log = ''], [amount = '', entry = '']) => {
    const before = call('GET', counter)
    const after = call('INCRBY', counter, amount)
    call('RPUSH', log, entry)
    return [Number(after) + 0.9, entry, before, call('LRANGE', log, 0, -1)]
  },
}

/** Reads text, joins it, writes it as value and as field. The Lua comments hold 中文 on purpose: the hash is that of its UTF-8. */
export const textScript: Script = {
  lua: `
-- 中文
local text = redis.call('GET', KEYS[1]) .. ARGV[1]
redis.call('SET', KEYS[1] .. ':copy', text)
redis.call('hset', KEYS[1] .. ':hash', ARGV[1], 3)
return text
`,
  keys: 1,
  twin: (call, [key = ''], [more = '']) => {
    const text = `${call('GET', key)}${more}`
    call('SET', `${key}:copy`, text)
    call('hset', `${key}:hash`, more, 3)
    return text
  },
}

/** Writes, then fails. */
export const faultyScript: Script = {
  lua: `
redis.call('SET', KEYS[1] .. ':before', '1')
return redis.call('SADD', KEYS[1], '1')
`,
  keys: 1,
  twin: (call, [key = '']) => {
    call('SET', `${key}:before`, '1')
    return call('SADD', key, '1')
  },
}
