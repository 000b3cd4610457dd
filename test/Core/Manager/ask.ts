import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import WebSocket from 'ws'

/** What the console finds in a Runtime folder. */
export const tokenOf = (runtime: string): string => readFileSync(join(runtime, 'manager.token'), 'utf8').trim()
export const addressOf = (runtime: string): string => readFileSync(join(runtime, 'manager.address'), 'utf8').trim()

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Sends a command as it stands, and waits for the end of the connection. @returns what was answered, and the close code */
export async function ask(
  runtime: string,
  command: string,
  headers: Readonly<Record<string, string>> = bearer(tokenOf(runtime)),
): Promise<{ answers: string[]; code: number }> {
  const socket = new WebSocket(`ws://${addressOf(runtime)}/`, { headers: { ...headers } })
  const answers: string[] = []
  socket.on('message', (data) => answers.push(String(data)))
  const closed = once(socket, 'close')
  closed.catch(() => {}) // one that is refused never opens, and says so there
  await once(socket, 'open')
  socket.send(command)
  const [code] = await closed
  return { answers, code: Number(code) }
}

/** @returns the status with which a connection is refused; 101: it is not */
export function knock(runtime: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const socket = new WebSocket(`ws://${addressOf(runtime)}/`, { headers: { ...headers } })
  return new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode))
    socket.on('open', () => {
      socket.close()
      resolve(101)
    })
    socket.on('error', reject)
  })
}
