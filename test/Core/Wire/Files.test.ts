import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client } from '../../support/client'
import { Server } from '../../support/server'

const BIG = Buffer.alloc(5_000_000, 'big ')

let folder: string
let server: Server
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mswoole-files-'))
  symlinkSync(resolve('test/fixtures/wire/dist'), join(folder, 'dist'))
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  const files = join(folder, 'Public/static')
  mkdirSync(join(files, 'pages'), { recursive: true })
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  writeFileSync(join(files, '你好.txt'), 'nihao')
  writeFileSync(join(files, 'pages/index.html'), '<p>pages</p>')
  writeFileSync(join(files, 'page.html'), '<p>page</p>')
  writeFileSync(join(files, 'empty.css'), '')
  writeFileSync(join(files, 'big.bin'), BIG)
  writeFileSync(join(files, '.hidden'), 'secret')
  symlinkSync(join(folder, 'secret.txt'), join(files, 'link.txt'))
  server = await Server.start({ folder, env: { APP_MODE: 'base' } })
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

async function http(method: string, path: string, headers = {}) {
  const asked = request({ host: '127.0.0.1', port: server.port(), method, path, headers, agent: false })
  asked.end()
  const [response] = await once(asked, 'response')
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) }
}

test.each([
  ['/page.html', 'text/html; charset=utf-8', '<p>page</p>'],
  ['/page.html?v=1', 'text/html; charset=utf-8', '<p>page</p>'],
  ['/pages/', 'text/html; charset=utf-8', '<p>pages</p>'],
  ['/%E4%BD%A0%E5%A5%BD.txt', 'text/plain; charset=utf-8', 'nihao'],
  ['/empty.css', 'text/css; charset=utf-8', ''],
])('GET %s is %s', async (path, type, body) => {
  const answer = await http('GET', path)
  expect(answer).toMatchObject({
    status: 200,
    headers: { 'content-type': type, 'content-length': `${body.length}`, 'x-content-type-options': 'nosniff' },
  })
  expect(answer.body.toString()).toBe(body)
})

test('a folder is led to its index', async () => {
  expect(await http('GET', '/pages')).toMatchObject({ status: 301, headers: { location: '/pages/' } })
})

test('HEAD is the same without the body', async () => {
  const { headers } = await http('GET', '/page.html')
  const head = await http('HEAD', '/page.html')
  expect(head.body).toHaveLength(0)
  expect(head).toMatchObject({ status: 200, headers: { etag: headers.etag, 'content-length': '11' } })
})

test('what has not changed since is 304, what has changed comes anew', async () => {
  const { headers } = await http('GET', '/page.html')
  for (const known of [headers.etag, `"other", ${headers.etag}`]) {
    const again = await http('GET', '/page.html', { 'if-none-match': known })
    expect([again.status, again.body.length]).toEqual([304, 0])
  }
  writeFileSync(join(folder, 'Public/static/page.html'), '<p>changed</p>')
  const changed = await http('GET', '/page.html', { 'if-none-match': headers.etag })
  expect([changed.status, changed.body.toString()]).toEqual([200, '<p>changed</p>'])
})

test.each([
  '/secret.txt',
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/pages/..%2f..%2f..%2fsecret.txt',
  '/..%5csecret.txt',
  '/link.txt',
  '/.hidden',
  '/page.html/',
  '/page.html%00.txt',
  '/%ff',
  '//page.html',
])('%s is nothing that is served', async (path) => {
  const { status, body } = await http('GET', path)
  expect([status, body.length]).toEqual([404, 0])
})

test('a big file arrives whole, also at a client that reads slowly, and costs nobody else anything', async () => {
  expect((await http('GET', '/big.bin')).body.equals(BIG)).toBe(true)
  const slow = connect(server.port(), '127.0.0.1')
  slow.write('GET /big.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  await once(slow, 'readable')
  const client = await Client.connect(server.url())
  client.send('2')
  expect((await client.call('index.index.index')).status).toBe(200)
  const answer = await buffer(slow)
  expect(answer.subarray(answer.indexOf('\r\n\r\n') + 4).equals(BIG)).toBe(true)
})

test('clients that leave in the middle of a file do no harm', async () => {
  for (let n = 0; n < 20; n++) {
    const leaver = connect(server.port(), '127.0.0.1')
    leaver.write('GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n')
    if (n % 2 === 0) await once(leaver, 'readable')
    leaver.resetAndDestroy()
  }
  expect((await http('GET', '/big.bin')).body.length).toBe(BIG.length)
  expect(server.log.all.filter(({ level }) => level === 'error')).toEqual([])
})
