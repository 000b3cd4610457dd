import { refuse } from 'mswoole-ts'

/** The Redis keys of one room: four distinct ones, as in MSwoole's naming. */
export interface Room {
  /** Group: the phones. */
  readonly users: string
  /** Group: the big screens. */
  readonly walls: string
  /** Hash: messages that await review, by id. */
  readonly pending: string
  /** What the walls have broadcast. */
  readonly broadcasts: string
}

export class Rooms {
  /** @throws the reply 999 codeIsEmpty for a user without a room */
  of(code: string): Room {
    if (code === '') refuse(999, 'codeIsEmpty', 'code不能为空')
    return {
      users: `LIVE_USER_ROOM_${code}`,
      walls: `LIVE_WALL_ROOM_${code}`,
      pending: `LIVE_USER_MESSAGE_${code}`,
      broadcasts: `LIVE_WALL_MESSAGE_${code}`,
    }
  }
}
