import { refuse } from 'mswoole-ts'

/** A room, and where in Redis it is. */
export interface Room {
  readonly code: string
  /** Group: the phones. */
  readonly users: string
  /** Group: the walls. */
  readonly walls: string
  /** Hash: messages that await review, id to JSON. */
  readonly pending: string
  /** Sorted set: their ids, by the time in ms when they expire. */
  readonly expiry: string
  /** Stands while somebody is about to count the room. */
  readonly counting: string
  /** Sorted set: the ids of one user's messages that await review, as `expiry`. */
  pendingOf(userId: string | number): string
  /** Counter: what one user has said in one stretch of time. */
  paceOf(userId: string | number, stretch: number): string
}

/**
 * Gives everything in Redis its name. The first three are MSwoole's, where one helper gave users, walls and messages the same one; its
 * `LIVE_WALL_MESSAGE_<code>` stays unused, because what walls broadcast stands in a table.
 */
export class Name {
  /** @throws the reply 999 codeIsEmpty for a user without a room */
  room(code = ''): Room {
    if (code === '') refuse(999, 'codeIsEmpty', 'code不能为空')
    // Written as JSON, a room and a user cannot run into each other, whatever characters they have.
    const of = (userId: string | number) => JSON.stringify([code, String(userId)])
    return {
      code,
      users: `LIVE_USER_ROOM_${code}`,
      walls: `LIVE_WALL_ROOM_${code}`,
      pending: `LIVE_USER_MESSAGE_${code}`,
      expiry: `LIVE_EXPIRY_${code}`,
      counting: `LIVE_COUNTING_${code}`,
      pendingOf: (userId) => `LIVE_PENDING_OF_${of(userId)}`,
      paceOf: (userId, stretch) => `LIVE_PACE_OF_${stretch}_${of(userId)}`,
    }
  }
}
