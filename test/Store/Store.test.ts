import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MemoryStore } from '../../Core/Store/MemoryStore'
import { PrivateRedis } from '../../Core/Store/PrivateRedis'
import { openEmbeddedStore, type Store, type StoreOptions } from '../../Core/Store/Store'
import { counterScript } from './scripts'
import { connect, programOnPath, temporaryFolder } from './servers'

function options(path: string): StoreOptions {
  const runtime = temporaryFolder()
  onTestFinished(() => rmSync(runtime, { recursive: true, force: true }))
  return { runtime, socket: join(runtime, 'store.sock'), scripts: [counterScript], path }
}

async function open(given: StoreOptions): Promise<Store> {
  const store = await openEmbeddedStore(given)
  onTestFinished(() => store.close())
  return store
}

/** A folder for PATH. */
function folderWith(make: (folder: string) => void): string {
  const folder = temporaryFolder()
  onTestFinished(() => rmSync(folder, { recursive: true }))
  make(folder)
  return folder
}

const linkAs = (name: string) => folderWith((folder) => symlinkSync(programOnPath(), join(folder, name)))
const count = (store: Store) => connect(store).eval(counterScript.lua, 2, 'n', 'log', '1', 'x')

describe('the embedded store', () => {
  it('is a private redis-server where PATH has one', async () => {
    const store = await open(options(['', '/nowhere', linkAs('redis-server')].join(delimiter)))
    expect(store.kind).toBe('private')
    expect(store.label).toMatch(/^private redis-server \d+\.\d+\.\d+$/)
    expect(await count(store)).toEqual([1, 'x', null, ['x']])
  })

  it('is a private valkey-server where PATH has that only', async () => {
    expect((await open(options(linkAs('valkey-server')))).label).toMatch(/^private valkey-server \d/)
    const both = [linkAs('valkey-server'), linkAs('redis-server')].join(delimiter)
    expect((await open(options(both))).label).toMatch(/^private redis-server \d/)
  })

  it('takes PATH from the environment', async () => {
    const { path: _, ...rest } = options('')
    expect((await open(rest)).kind).toBe('private')
  })

  it('is the in-memory store where PATH has none', async () => {
    const folder = folderWith((made) => {
      mkdirSync(join(made, 'redis-server'))
      writeFileSync(join(made, 'valkey-server'), '', { mode: 0o644 })
    })
    const store = await open(options(folder))
    expect(store).toMatchObject({ kind: 'memory', label: 'in-memory store (no redis-server on PATH)' })
    expect(await count(store)).toEqual([1, 'x', null, ['x']])
  })

  it('is the in-memory store, and says why, where the program does not start', async () => {
    const folder = folderWith((made) => {
      writeFileSync(join(made, 'redis-server'), '#!/bin/sh\necho no memory; exit 1\n')
      chmodSync(join(made, 'redis-server'), 0o755)
    })
    const given = options(folder)
    const store = await open(given)
    expect(store.kind).toBe('memory')
    expect(store.label).toBe('in-memory store (redis-server did not start: it ended with exit code 1 | no memory)')
    expect(await connect(store).ping()).toBe('PONG')
    await store.close()
    expect(readdirSync(given.runtime)).toEqual([])
  })

  it('tells that it was lost, and not that it was closed', async () => {
    const store = await open(options(linkAs('redis-server')))
    const lost = new Promise<string>((tell) => store.onLost(tell))
    connect(store)
      .shutdown('NOSAVE')
      .catch(() => {})
    expect(await lost).toMatch(/^it ended with exit code 0/)
  })

  it.each(['redis-server', 'none'])('refuses a socket that another process answers on: %s', async (program) => {
    const given = options(linkAs(program))
    const other = await MemoryStore.listen(given.socket, [])
    onTestFinished(() => other.close())
    await expect(openEmbeddedStore(given)).rejects.toThrow(`Another process answers on ${given.socket}`)
  })

  it.each(['redis-server', 'none'])('refuses a socket path that the system would cut: %s', async (program) => {
    const socket = `/tmp/${'x'.repeat(100)}`
    await expect(openEmbeddedStore({ ...options(linkAs(program)), socket })).rejects.toThrow(/Choose a shorter folder/)
  })

  it('in memory too ends the redis-server that an earlier run left', async () => {
    const given = options('')
    const left = await PrivateRedis.start({ ...given, program: programOnPath() })
    const ended = new Promise((tell) => left.onExit(tell))
    const store = await open(given)
    expect(store.kind).toBe('memory')
    await ended
    expect(await connect(store).ping()).toBe('PONG')
  })
})
