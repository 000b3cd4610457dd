import { type Generated, Model } from 'mswoole-ts'

export interface WallMessage {
  id: Generated<number>
  code: string
  nickname: string
  say: string
  user_id: string
  /** 1: shown, 0: recalled. */
  status: Generated<number>
  /** Unix seconds. */
  create_time: number
  update_time: number
}

/** What the walls have broadcast. */
export class WallMessages extends Model<WallMessage> {
  readonly table = 'live_wall_message'
}
