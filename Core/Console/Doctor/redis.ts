import type { Redis } from 'ioredis'
import { bad, type Finding, good, note } from './Finding'

/** The oldest version that has every command which the server uses. */
const OLDEST = [6, 2] as const

/** By so much the clocks of this machine and of Redis may differ, in milliseconds: an auth string a minute ahead is refused. */
const APART_MS = 1000
const TOO_FAR_APART_MS = 30_000

/** Answers slower than this are felt by every handshake, in milliseconds. */
const SLOW_MS = 20

/** @throws StoreAway */
export async function checkRedis(redis: Redis): Promise<Finding[]> {
  const info = await redis.info()
  const value = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  return [checkVersion(value('redis_version')), checkMemory(value), await checkClock(redis), await checkLatency(redis)]
}

function checkVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [least, leastMinor] = OLDEST
  if (major > least || (major === least && minor >= leastMinor)) return good('version', `Redis ${version}`)
  return bad('version', `Redis is ${version || 'of an unknown version'}; it must be ${OLDEST.join('.')} or later`)
}

/** What Redis throws out to make room would be connections, groups and leases. */
function checkMemory(value: (name: string) => string): Finding {
  const policy = value('maxmemory_policy')
  const most = Number(value('maxmemory'))
  if (policy === 'noeviction' || policy === '') return good('memory', 'Redis forgets nothing to make room')
  const cure = 'set maxmemory-policy to noeviction'
  if (most > 0) return bad('memory', `Redis throws keys out when it holds ${most} bytes (${policy}); ${cure}`)
  return note('memory', `maxmemory-policy is ${policy}, which means nothing while maxmemory is 0; ${cure}`)
}

async function checkClock(redis: Redis): Promise<Finding> {
  const before = Date.now()
  const [seconds = 0, micros = 0] = (await redis.time()).map(Number)
  const apart = Math.abs(seconds * 1000 + micros / 1000 - (before + Date.now()) / 2)
  const text = `the clocks of this machine and of Redis are ${Math.round(apart)} ms apart`
  if (apart < APART_MS) return good('clock', text)
  const cure = 'run a time service (chrony, systemd-timesyncd) on both'
  return apart < TOO_FAR_APART_MS ? note('clock', `${text}; ${cure}`) : bad('clock', `${text}; ${cure}`)
}

async function checkLatency(redis: Redis): Promise<Finding> {
  const times: number[] = []
  for (let n = 0; n < 20; n++) {
    const sent = performance.now()
    await redis.ping()
    times.push(performance.now() - sent)
  }
  const middle = times.sort((one, other) => one - other)[10] ?? 0
  const text = `Redis answers in ${middle.toFixed(1)} ms`
  return middle < SLOW_MS ? good('latency', text) : note('latency', `${text}; it should stand nearer`)
}
