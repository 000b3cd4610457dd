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
