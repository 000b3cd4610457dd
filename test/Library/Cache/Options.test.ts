import { describe, expect, it } from 'vitest'
import type { CacheConnection } from '../../../Library/Cache/Cache'
import { checkConnection, commandOptions, subscriberOptions } from '../../../Library/Cache/Options'

describe('a connection', () => {
  it.each<[CacheConnection, object]>([
    [{ url: 'redis://127.0.0.1' }, { host: '127.0.0.1', port: 6379 }],
    [{ url: 'redis://h:1/3' }, { host: 'h', port: 1, db: 3 }],
    [{ url: 'redis://u%40x:p%2Fw@[::1]:7/' }, { host: '::1', port: 7, username: 'u@x', password: 'p/w' }],
    [{ url: 'redis://:pw@h' }, { host: 'h', password: 'pw' }],
    [{ url: 'rediss://h' }, { host: 'h', tls: {} }],
    // ioredis itself would speak plain text here.
    [{ url: 'REDISS://h' }, { host: 'h', tls: {} }],
    [{ url: 'rediss://h', options: { tls: { ca: 'c' } } }, { tls: { ca: 'c' } }],
    [{ url: '/run/redis.sock' }, { path: '/run/redis.sock' }],
    [{ url: 'unix:///run/re%20dis.sock' }, { path: '/run/re dis.sock' }],
    [{ url: 'redis://h', path: '/run/redis.sock' }, { path: '/run/redis.sock' }],
    [{ url: 'redis://h', prefix: 'p:' }, { keyPrefix: 'p:' }],
    [{ options: { sentinels: [{ host: 's', port: 1 }], name: 'm' } }, { name: 'm' }],
    [
      { url: 'redis://h', options: { commandTimeout: 50 } },
      { commandTimeout: 50, socketTimeout: 1000 },
    ],
  ])('%j is understood', (connection, expected) => {
    checkConnection('master', connection)
    expect(commandOptions(connection)).toMatchObject(expected)
  })

  it.each<[CacheConnection, string]>([
    [{}, 'cache.master must have'],
    [{ prefix: 'x' }, 'cache.master must have'],
    [{ path: '' }, 'cache.master.path'],
    [{ url: '' }, 'cache.master.url'],
    [{ url: 'h:6379' }, 'cache.master.url'],
    [{ url: '//h' }, 'cache.master.url'],
    [{ url: 'http://h' }, 'cache.master.url'],
    [{ url: 'redis://u:hunter2%@h' }, 'cache.master.url'],
    [{ url: 'redis://u:hunter2@h/name' }, 'cache.master.url'],
    [{ url: 'redis://u:hunter2@h?db=1' }, 'cache.master.url'],
    [{ url: 'unix://run/x' }, 'cache.master.url'],
    [{ url: 'redis://h', options: { socketTimeout: 0 } }, 'cache.master.options.socketTimeout'],
  ])('%j is refused by name, without its password', (connection, named) => {
    const check = () => checkConnection('master', connection)
    expect(check).toThrow(TypeError)
    expect(check).toThrow(named)
    expect(check).not.toThrow(/hunter2/)
  })

  it('gives commands no queue and no second sending', () => {
    expect(commandOptions({ url: 'redis://h' })).toMatchObject({
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: 500,
      socketTimeout: 1000,
      autoResendUnfulfilledCommands: false,
    })
  })

  it.each([commandOptions, subscriberOptions])('tries again for ever, at most about a second apart', (optionsOf) => {
    const { retryStrategy } = optionsOf({ url: 'redis://h' })
    for (const attempt of [1, 2, 3, 10, 1000, 1e9]) {
      const delay = retryStrategy?.(attempt)
      expect(delay).toBeGreaterThan(0)
      expect(delay).toBeLessThanOrEqual(1000)
    }
  })
})
