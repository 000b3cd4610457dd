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

  /** What a room has been shown, newest first. */
  history(code: string, page: number, count: number) {
    return this.pageList({ code, status: 1 }, page, count, { id: 'desc' })
  }

  /** @returns whether there was something to recall: of this room, and not recalled before */
  async recall(code: string, id: number): Promise<boolean> {
    return (await this.update({ status: 0 }, { id, code, status: 1 })) > 0
  }
}
