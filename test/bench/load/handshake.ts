import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/** Every connection reads into it, and is done with it before the next one reads. */
export const readBuffer = Buffer.allocUnsafeSlow(256 * 1024)

const HANDSHAKE_END = '\r\n\r\n'

/** Connections from one address: fewer than the system has ports for. */
const AN_ADDRESS = 20_000

/**
 * Opens a WebSocket connection as a raw socket.
 * @param index its number: every 20,000 come from an address of their own, 127.0.0.1, 127.0.0.2 ...
 * @param hear called whenever frames have come: so many bytes, at the beginning of `readBuffer`
 */
export function openSocket(port: number, path: string, index: number, hear: (length: number) => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let open = false
    const socket: Socket = connect({
      host: '127.0.0.1',
      port,
      ...(index >= AN_ADDRESS && { localAddress: `127.0.0.${1 + Math.floor(index / AN_ADDRESS)}` }),
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length) => {
          if (open) {
            hear(length)
            return true
          }
          const response = readBuffer.toString('latin1', 0, length)
          const end = response.indexOf(HANDSHAKE_END) + HANDSHAKE_END.length
          if (!response.startsWith('HTTP/1.1 101') || end < HANDSHAKE_END.length) {
            reject(new Error(`the server answered a handshake with ${response}`))
            return false
          }
          open = true
          resolve(socket)
          if (end < length) {
            readBuffer.copyWithin(0, end, length)
            hear(length - end)
          }
          return true
        },
      },
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the server closed a connection')))
    const key = randomBytes(16).toString('base64')
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13${HANDSHAKE_END}`,
    )
  })
}
