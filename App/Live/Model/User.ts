import { type Generated, Model } from 'mswoole-ts'

export interface UserMessage {
  id: Generated<number>
  /** Under which phones and walls know it. */
  message_id: string
  code: string
  nickname: string
  say: string
  user_id: string
  /** 1: approved, 0: rejected. */
  status: number
  /** Unix seconds. */
  say_time: number
  /** The user of the wall that has decided. */
  check_user_id: string
  check_time: number
}

/** What phones have said, and who has decided about it. */
export class UserMessages extends Model<UserMessage> {
  readonly table = 'live_user_message'
  override readonly autoWriteTimestamp = false
}
