import { type App, action, controller, type Data } from 'mswoole-ts'
import { z } from 'zod'
import { Pending, shown } from '../Server/Pending'
import { Rooms } from '../Server/Rooms'

const wechatUser = { for: 'wechatUser', refuse: [403, 'mustBeWechatUser', '仅允许微信用户连入'] } as const
const Enter = action(wechatUser)
const Out = action()
const Say = action({ ...wechatUser, data: z.object({ say: z.string().trim().min(1).max(500) }) })

/** The phones of a room. */
@controller()
export class User {
  constructor(
    private readonly rooms: Rooms,
    private readonly pending: Pending,
  ) {}

  @Enter
  async join(app: App, data: Data<typeof Enter>) {
    await app.fdJoin(data.fd, this.rooms.of(data.code).users)
    app.sendSuccessMessage(data.fd, 'userJoinSuccess', '加入房间成功')
  }

  @Out
  async out(app: App, data: Data<typeof Out>) {
    await app.fdLeave(data.fd, this.rooms.of(data.code ?? '').users)
    app.sendSuccessMessage(data.fd, 'userOutSuccess', '退出房间成功')
  }

  @Say
  async say(app: App, data: Data<typeof Say>) {
    const room = this.rooms.of(data.code)
    const { nickname = '', id: userId } = data.auth
    const message = await this.pending.add(room.pending, { nickname, say: data.say, userId })
    app.to(room.walls).send('userSayNeedCheck', '收到用户广播内容', shown(message))
    app.sendSuccessMessage(data.fd, 'userSaySuccess', '发布聊天内容成功，等待审核', message.id)
  }
}
