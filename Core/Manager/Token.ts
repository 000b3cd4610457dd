import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The files in Runtime/ by which the console finds the server: who may read the folder may command it. */
const TOKEN = 'manager.token'
const ADDRESS = 'manager.address'

/**
 * Writes down the token of the manager port.
 * @param configured `manager.token`; empty: a fresh one
 * @returns the token
 */
export function issueToken(runtime: string, configured: string): string {
  const token = configured || randomBytes(24).toString('base64url')
  write(runtime, TOKEN, token)
  return token
}

/** Writes down where the manager port really is. */
export function announceAddress(runtime: string, host: string, port: number): void {
  write(runtime, ADDRESS, `${host.includes(':') ? `[${host}]` : host}:${port}`)
}

/** @returns the token of the server that runs in this Runtime folder; undefined when there is none, or it cannot be read */
export const readToken = (runtime: string): string | undefined => read(runtime, TOKEN)

/** @returns host and port of the manager port of the server that runs in this Runtime folder */
export const readAddress = (runtime: string): string | undefined => read(runtime, ADDRESS)

/** The server has stopped. */
export function withdraw(runtime: string): void {
  for (const file of [TOKEN, ADDRESS]) rmSync(join(runtime, file), { force: true })
}

/** In a time that says nothing of where they differ, nor of how long the right one is. */
export function isToken(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token))
}

const digest = (text: string) => createHash('sha256').update(text).digest()

function write(runtime: string, file: string, text: string): void {
  rmSync(join(runtime, file), { force: true }) // the mode of a file that is there already would stay
  writeFileSync(join(runtime, file), `${text}\n`, { mode: 0o600, flag: 'wx' })
}

function read(runtime: string, file: string): string | undefined {
  try {
    return readFileSync(join(runtime, file), 'utf8').trim()
  } catch {
    return undefined // no server runs there, or it is somebody else's
  }
}
