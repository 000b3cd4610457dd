/** What is in a frame: a text, or bytes. */
export type Message = string | Uint8Array

const TEXT = 0x81
const BINARY = 0x82

/** The bytes of a frame as a client sends it. @param mask four bytes */
export function clientFrame(message: Message, mask: Buffer): Buffer {
  const payload = Buffer.from(message)
  for (let index = 0; index < payload.length; index++) payload[index] = (payload[index] ?? 0) ^ (mask[index % 4] ?? 0)
  return Buffer.concat([head(message, payload.length, 0x80), mask, payload])
}

/** The bytes of a frame as a server sends it. */
export function serverFrame(message: Message): Buffer {
  const payload = Buffer.from(message)
  return Buffer.concat([head(message, payload.length, 0), payload])
}

function head(message: Message, length: number, masked: number): Buffer {
  if (length > 125) throw new RangeError('the benchmark has short frames only')
  return Buffer.from([typeof message === 'string' ? TEXT : BINARY, masked | length])
}

/** The texts of the frames of a server that have come as a whole, and the bytes behind them; binary ones as latin1. */
export function readFrames(bytes: Buffer): { readonly texts: string[]; readonly rest: Buffer } {
  const texts: string[] = []
  let at = 0
  while (bytes.length >= at + 2) {
    const short = (bytes[at + 1] ?? 0) & 0x7f
    if (short === 127) throw new RangeError('the benchmark expects no frames above 64 KiB')
    const start = at + (short === 126 ? 4 : 2)
    if (bytes.length < start) break
    const end = start + (short === 126 ? bytes.readUInt16BE(at + 2) : short)
    if (bytes.length < end) break
    texts.push(bytes.toString(bytes[at] === BINARY ? 'latin1' : 'utf8', start, end))
    at = end
  }
  return { texts, rest: bytes.subarray(at) }
}
