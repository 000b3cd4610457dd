import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, expect, test } from 'vitest'
import WebSocket from 'ws'
import { authString, phone } from '../../support/client'
import { Server } from '../../support/server'
import { failToReload, Project, reloadWhole } from './project'

let project: Project
beforeEach(() => {
  project = new Project({ outside: { main: { port: 0, tls: { cert: 'cert.pem', key: 'key.pem' } } } })
  certify()
})
afterEach(() => project.delete())

const file = (name: string) => join(project.folder, name)

/** Makes a certificate. @returns its fingerprint */
function certify(): string {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject]
  execFileSync('openssl', [...made, '-keyout', file('new.key'), '-out', file('new.pem')], { stdio: 'ignore' })
  renameSync(file('new.key'), file('key.pem'))
  renameSync(file('new.pem'), file('cert.pem'))
  return new X509Certificate(readFileSync(file('cert.pem'))).fingerprint256
}

/** @returns the fingerprint of the certificate that a new connection is shown */
async function shown(server: Server): Promise<string> {
  const socket: TLSSocket = connect({ port: server.port(), host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

async function client(server: Server): Promise<WebSocket> {
  const url = `wss://127.0.0.1:${server.port()}/?auth=${encodeURIComponent(authString(phone()))}`
  const socket = new WebSocket(url, { rejectUnauthorized: false })
  await once(socket, 'open')
  return socket
}

async function isServed(socket: WebSocket): Promise<void> {
  const answer = new Promise<string>((resolve) => {
    socket.on('message', (data) => JSON.parse(String(data)).event === 'answer' && resolve('answer'))
  })
  socket.send(JSON.stringify({ method: 'calls.calls.now' }))
  expect(await answer).toBe('answer')
}

test.each(['1', '2'])(
  'a port with a certificate is wss://; a reload takes in a new one, and who is connected stays (%s gateways)',
  async (gateways) => {
    const first = certify()
    const server = await project.start({ APP_GATEWAYS: gateways })
    expect(await shown(server)).toBe(first)
    const before = await client(server)
    await isServed(before)

    const second = certify()
    await reloadWhole(server)
    for (let n = 0; n < 10; n++) expect(await shown(server)).toBe(second)
    await isServed(await client(server))
    await isServed(before)
    expect(before.readyState).toBe(WebSocket.OPEN)
    await server.stop()
  },
)

test('a certificate that cannot be used is named, and changes nothing', async () => {
  const server = await project.start()
  const before = await shown(server)
  const key = readFileSync(file('key.pem'))
  certify()
  writeFileSync(file('key.pem'), key)
  expect(await failToReload(server)).toContain(
    `${file('key.pem')} is not the key of the certificate in ${file('cert.pem')}`,
  )
  writeFileSync(file('cert.pem'), 'no certificate')
  expect(await failToReload(server)).toContain(
    `outside.main.tls.cert: there is no certificate in PEM in ${file('cert.pem')}`,
  )
  expect(await shown(server)).toBe(before)
  certify()
  await reloadWhole(server)
  await server.stop()
})

test.each(['process', 'base'])('a start without the files says which one is missing (%s mode)', async (mode) => {
  renameSync(file('key.pem'), file('elsewhere.pem'))
  const { code, output } = await Server.fail({ folder: project.folder, env: { APP_MODE: mode } })
  expect(code).toBe(1)
  expect(output).toContain(`outside.main.tls.key cannot be read: ENOENT`)
  expect(output).toContain(file('key.pem'))
})
