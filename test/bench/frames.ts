/** The bytes of a text frame as a client sends it. @param mask four bytes */
export function clientFrame(text: string, mask: Buffer): Buffer {
  const payload = Buffer.from(text)
  if (payload.length > 125) throw new RangeError('the benchmark sends short frames only')
  for (let index = 0; index < payload.length; index++) payload[index] = (payload[index] ?? 0) ^ (mask[index % 4] ?? 0)
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length]), mask, payload])
}

/** The bytes of a text frame as a server sends it. */
export function serverFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  if (payload.length > 125) throw new RangeError('the benchmark expects short frames only')
  return Buffer.concat([Buffer.from([0x81, payload.length]), payload])
}

/** The texts of the frames of a server that have come as a whole, and the bytes behind them. */
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
    texts.push(bytes.toString('utf8', start, end))
    at = end
  }
  return { texts, rest: bytes.subarray(at) }
}
