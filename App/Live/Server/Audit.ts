import { controller, log } from 'mswoole-ts'
import { type UserMessage, UserMessages } from '../Model/User'
import type { Message } from './Pending'

/** Rows of one statement: databases limit how many values it may have. */
const AT_ONCE = 100

/** Who has approved or rejected what, and when. */
@controller()
export class Audit {
  constructor(private readonly messages: UserMessages) {}

  /**
   * Nobody waits for the table: a room goes on being moderated while the database is slow or away. What it does not take stands in
   * the log instead.
   * @param status 1: approved, 0: rejected
   */
  checked(code: string, messages: readonly Message[], status: 0 | 1, userId: string | number): void {
    const check = { code, status, check_user_id: String(userId), check_time: Math.floor(Date.now() / 1000) }
    const rows = messages.map(({ id, nickname, say, userId: author, said }) => ({
      ...check,
      message_id: id,
      nickname,
      say,
      user_id: String(author),
      say_time: Math.floor(said / 1000),
    }))
    this.#keep(rows).catch((error) => log.error({ err: error, rows }, 'the record of checked messages failed'))
  }

  async #keep(rows: readonly Omit<UserMessage, 'id'>[]): Promise<void> {
    for (let at = 0; at < rows.length; at += AT_ONCE) {
      await this.messages
        .query()
        .insertInto(this.messages.table)
        .values(rows.slice(at, at + AT_ONCE))
        .execute()
    }
  }
}
