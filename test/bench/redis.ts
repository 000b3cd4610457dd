import { Redis } from 'ioredis'

/** Microseconds that a Redis has worked at each command since it was started. */
export async function commandTimes(url: string): Promise<ReadonlyMap<string, number>> {
  const redis = new Redis(url)
  try {
    const info = await redis.info('commandstats')
    return new Map(
      [...info.matchAll(/^cmdstat_([^:]+):calls=\d+,usec=(\d+)/gm)].map(([, name = '', time]) => [name, Number(time)]),
    )
  } finally {
    redis.disconnect()
  }
}

/** @returns microseconds between two looks, less the commands that are not of interest */
export function timeBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  isOfInterest: (command: string) => boolean,
): number {
  let sum = 0
  for (const [name, time] of after) if (isOfInterest(name)) sum += time - (before.get(name) ?? 0)
  return sum
}
