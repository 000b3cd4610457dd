/** Bytes of the text that each member gets, whoever sends it. */
const LENGTH = 120

/** How the text begins with which a server says that somebody is a member. */
export const JOINED = '{"status":200,"event":"joined"'

const frame = (say: string) => JSON.stringify({ status: 200, event: 'said', info: '', param: say })

/** Something to say that makes a text as long as all others. */
const filled = (text: (say: string) => string) => 'x'.repeat(LENGTH - text('').length)

/** What members get, and what the sender says for it. */
export const FRAMEWORK = {
  message: frame(filled(frame)),
  command: JSON.stringify({ method: 'room.room.say', say: filled(frame) }),
}

/** The floor is told the very bytes. */
export const FLOOR = { message: FRAMEWORK.message, command: FRAMEWORK.message }
