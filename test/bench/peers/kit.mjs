// What all peers have in common: what they answer, and how they tell the benchmark where and how to talk to them.

export const ANSWER = { status: 200, event: 'success', info: '执行完成' }

/** Bytes of what each member gets, whoever sends it. */
const LENGTH = 120

/** Something to say that makes a message as long as all others. @param message text or bytes of what members get */
export function filled(message) {
  for (let length = LENGTH; ; length--) {
    const say = 'x'.repeat(length)
    if (Buffer.byteLength(message(say)) <= LENGTH) return say
  }
}

/**
 * Tells how clients are made (`client`, `member`, `sender`), what a call is (`request`, `answer`) and what makes a message to the group
 * (`command`, `message`).
 */
export const listening = (port, words) => process.send({ port, ...words })

process.on('disconnect', () => process.exit())
