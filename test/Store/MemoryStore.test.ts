import { once } from 'node:events'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { MemoryStore } from '../../Core/Store/MemoryStore'
import { counterScript } from './scripts'
import { connect, eventually, openMemory, openRedis, type Server, temporaryFolder } from './servers'
import { RawClient, request } from './wire'

const MEBIBYTE = 1024 * 1024

async function memory(log?: (message: string) => void): Promise<Server> {
  const folder = temporaryFolder()
  const path = join(folder, 'store.sock')
  const store = await MemoryStore.listen(path, [counterScript], log)
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  return { path, close: () => store.close() }
}

describe('what only the embedded store says', () => {
  it.each([
    [
      ['XADD', 's', '*', 'a', '1'],
      "ERR unknown command 'XADD' in the embedded store; set REDIS_URL to use a real Redis",
    ],
    [
      ['EVAL', 'return 1', '0'],
      "ERR the embedded store runs no Lua but the kernel's own; set REDIS_URL to use a real Redis",
    ],
    [
      ['SCRIPT', 'LOAD', 'x'],
      "ERR the embedded store runs no Lua but the kernel's own; set REDIS_URL to use a real Redis",
    ],
    [['ZRANGE', 'z', '-', '+', 'BYLEX'], 'ERR BYLEX is not in the embedded store; set REDIS_URL to use a real Redis'],
    [['MULTI'], undefined],
  ])('%j', async ([name = '', ...args], error) => {
    const answer: unknown = await connect(await memory())
      .call(name, ...args)
      .catch(({ message }: Error) => ({ message }))
    expect(answer).toEqual(error === undefined ? 'OK' : { message: error })
  })

  it('knows its scripts before anybody sends their text', async () => {
    const client = connect(await memory())
    const sha = String(await client.script('LOAD', counterScript.lua))
    const other = connect(await memory())
    expect(await other.script('EXISTS', sha)).toEqual([1])
    expect(await other.evalsha(sha, 2, 'n', 'log', '1', 'x')).toEqual([1, 'x', null, ['x']])
  })

  it('keeps the faults of a twin to the client that called it', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'store.sock')
    const scripts = ['throws', 'MULTI', 'EVAL', 'NONE', 'GET', 'NaN'].map((lua) => ({
      lua,
      keys: 0,
      twin: (call: (command: string) => unknown) => {
        if (lua === 'throws') throw new TypeError('a fault')
        if (lua === 'NaN') return Number.NaN
        call(lua)
        return null
      },
    }))
    const store = await MemoryStore.listen(path, scripts)
    onTestFinished(async () => {
      await store.close()
      rmSync(folder, { recursive: true })
    })
    const client = connect({ path, close: () => store.close() })
    await expect(client.eval('throws', 0)).rejects.toThrow(/^ERR TypeError: a fault script: [0-9a-f]{40}$/)
    await expect(client.eval('MULTI', 0)).rejects.toThrow(/^ERR This Redis command is not allowed from script/)
    await expect(client.eval('EVAL', 0)).rejects.toThrow(/^ERR This Redis command is not allowed from script/)
    await expect(client.eval('NONE', 0)).rejects.toThrow(/^ERR Unknown Redis command called from script/)
    await expect(client.eval('GET', 0)).rejects.toThrow(/^ERR Wrong number of args calling Redis command from script/)
    await expect(client.eval('NaN', 0)).rejects.toThrow(/^ERR RangeError/)
    expect(await client.ping()).toBe('PONG')
  })
})

describe('on the wire, as redis-server does it', () => {
  let servers: Server[]
  beforeAll(async () => {
    servers = [await openMemory([]), await openRedis([])]
  })
  afterAll(() => Promise.all(servers.map((server) => server.close())))

  it.each([
    '*x\r\n',
    '*1\r\nPING\r\n',
    '*1\r\n$-1\r\n',
    '*1\r\n$x\r\n',
    'GET "a\r\n',
    'PING\r\n*1\r\n$4\r\nQUIT\r\nPING\r\n',
    '\r\n  PING  "a b"\r\n*0\r\n*-1\r\nQUIT\r\n',
    `${'x'.repeat(70_000)}`,
    'SUBSCRIBE a b\r\nPING\r\nPING x\r\nGET a\r\nSUBSCRIBE a\r\nUNSUBSCRIBE a c\r\nQUIT\r\n',
    'UNSUBSCRIBE\r\nPUNSUBSCRIBE x\r\nQUIT\r\n',
    'PSUBSCRIBE a*\r\nUNSUBSCRIBE\r\nPUNSUBSCRIBE\r\nGET a\r\nQUIT\r\n',
    'MULTI\r\nPING\r\nQUIT\r\n',
    'HELLO 9\r\nHELLO x\r\nCLIENT GETNAME\r\nCLIENT SETNAME me\r\nCLIENT GETNAME\r\nQUIT\r\n',
    'MULTI\r\nDISCARD\r\nEXEC\r\nSET k v\r\nLPOP k\r\nDEL k\r\nLPOP k 1\r\nRPOP k\r\nQUIT\r\n',
  ])('%j', async (text) => {
    const answers = await Promise.all(
      servers.map(async (server) => {
        const client = await RawClient.forTest(server)
        client.socket.write(text, 'latin1')
        return client.untilClosed()
      }),
    )
    expect(answers[0]).not.toBe('')
    expect(answers[0]).toBe(answers[1])
  })
})

describe('a client that misbehaves', () => {
  it('is dropped when it reads none of 64 MiB of messages, and nobody else suffers', async () => {
    const log: string[] = []
    const server = await memory((message) => log.push(message))
    const [slow, reader, publisher] = [await RawClient.forTest(server), connect(server), connect(server)]
    await slow.ask(['SUBSCRIBE', 'news'])
    slow.socket.pause()
    let got = 0
    reader.on('message', () => got++)
    await reader.subscribe('news')

    const message = 'x'.repeat(MEBIBYTE)
    for (let sent = 0; sent < 60; sent++) expect(await publisher.publish('news', message)).toBe(2)
    const counts: number[] = []
    for (let sent = 0; sent < 10; sent++) counts.push(await publisher.publish('news', message))
    expect(counts.at(-1)).toBe(1)
    expect(log).toEqual([expect.stringMatching(/^the store dropped a subscriber with \d+ bytes that it did not read$/)])
    await eventually(
      () => got,
      (count) => count === 70,
    )
  })

  it('that does not read its answers is answered no further until it does', async () => {
    const server = await memory()
    const [slow, other] = [await RawClient.forTest(server), connect(server)]
    await other.set('big', 'x'.repeat(MEBIBYTE / 4))
    slow.socket.pause()
    slow.socket.write(`${request('GET', 'big')}${request('INCR', 'n')}`.repeat(200))
    await eventually(
      () => other.get('n'),
      (count) => count !== null,
    )
    for (let round = 0; round < 100; round++) await other.ping()
    expect(Number(await other.get('n'))).toBeLessThan(20)
    slow.socket.resume()
    const answers = await slow.answers(400)
    expect(answers.at(-1)).toBe(':200')
    expect(answers.at(-2)).toHaveLength(MEBIBYTE / 4 + 1)
  })

  it('that breaks the protocol, or leaves in the middle of a request, harms nobody', async () => {
    const server = await memory()
    const other = connect(server)
    for (const text of ['*1\r\n$x\r\n', '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$100\r\nhalf', '\0\xff'.repeat(50_000)]) {
      const client = await RawClient.connect(server)
      client.socket.write(text, 'latin1')
      client.socket.end()
      await client.untilClosed()
    }
    expect(await other.ping()).toBe('PONG')
    expect(await other.get('a')).toBeNull()
  })
})

describe('its socket', () => {
  it('ends with it, and so do its clients', async () => {
    const server = await memory()
    const client = await RawClient.forTest(server)
    await client.ask(['PING'])
    await Promise.all([once(client.socket, 'close'), server.close(), server.close()])
    expect(existsSync(server.path)).toBe(false)
  })

  it('replaces what a dead process left there', async () => {
    const folder = temporaryFolder()
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'store.sock')
    writeFileSync(path, '')
    const store = await MemoryStore.listen(path, [])
    expect(await connect({ path, close: () => store.close() }).ping()).toBe('PONG')
    await store.close()
  })

  it('is refused where another store answers', async () => {
    const { path } = await memory()
    await expect(MemoryStore.listen(path, [])).rejects.toThrow(`Another process answers on ${path}`)
    expect(await connect({ path, close: async () => {} }).ping()).toBe('PONG')
  })

  it('is refused with a path that the system would cut, counted in bytes', async () => {
    await expect(MemoryStore.listen(`/tmp/${'x'.repeat(96)}`, [])).rejects.toThrow(
      /has 101 bytes; the system allows 100/,
    )
    await expect(MemoryStore.listen(`/tmp/${'文'.repeat(32)}`, [])).rejects.toThrow(/has 101 bytes/)
  })
})
