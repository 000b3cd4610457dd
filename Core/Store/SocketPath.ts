import { rmSync } from 'node:fs'
import { connect } from 'node:net'

/** Node cuts longer paths in silence, and two sockets become one file. */
const MAX_BYTES = 100

/**
 * Makes a path free for a socket: what a dead process left there is removed. Throws if the path is too long, or if a living process
 * answers on it.
 */
export async function clearSocketPath(path: string): Promise<void> {
  const bytes = Buffer.byteLength(path)
  if (bytes > MAX_BYTES) {
    throw new Error(
      `The socket path ${path} has ${bytes} bytes; the system allows ${MAX_BYTES}. Choose a shorter folder.`,
    )
  }
  if (await answers(path)) throw new Error(`Another process answers on ${path}. End it first.`)
  rmSync(path, { force: true })
}

/** Whether a process listens on a socket, busy or not. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // Nobody there, or a file without a listener.
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ENOTSOCK') resolve(false)
      else reject(error)
    })
  })
}
