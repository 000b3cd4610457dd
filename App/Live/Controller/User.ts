import { type App, action, type Closed, controller, type Data, type OnClose, type OnReload } from 'mswoole-ts'
import { z } from 'zod'
import { live } from '../Config'
import { WallMessages } from '../Model/Wall'
import { Audience } from '../Server/Audience'
import { paging, words } from '../Server/Input'
import { Name } from '../Server/Name'
import { Pace } from '../Server/Pace'
import { Pending, shown } from '../Server/Pending'

const wechatUser = { for: 'wechatUser', refuse: [403, 'mustBeWechatUser', '仅允许微信用户连入'] } as const
const Join = action(wechatUser)
const Out = action()
const Say = action({ ...wechatUser, data: z.object({ say: words(live.say.length) }) })
const History = action({ data: paging })

/** The phones of a room. */
@controller()
export class User implements OnClose, OnReload {
  constructor(
    private readonly name: Name,
    private readonly pending: Pending,
    private readonly pace: Pace,
    private readonly audience: Audience,
    private readonly broadcasts: WallMessages,
  ) {}

  @Join
  async join(app: App, data: Data<typeof Join>) {
    await app.fdJoin(data.fd, this.name.room(data.code).users)
    await app.fdAddController(data.fd, 'Live.User')
    await this.audience.changed(data.code)
    app.sendSuccessMessage(data.fd, 'userJoinSuccess', '加入房间成功')
  }

  @Out
  async out(app: App, data: Data<typeof Out>) {
    await app.fdLeave(data.fd, this.name.room(data.code).users)
    await app.fdRemoveController(data.fd, 'Live.User')
    await this.audience.changed(data.code)
    app.sendSuccessMessage(data.fd, 'userOutSuccess', '退出房间成功')
  }

  @Say
  async say(app: App, data: Data<typeof Say>) {
    const room = this.name.room(data.code)
    const { nickname = '', id: userId } = data.auth
    await this.pace.keep(room, userId)
    const message = await this.pending.add(room, { nickname, say: data.say, userId })
    app.to(room.walls).send('userSayNeedCheck', '收到用户广播内容', shown(message))
    app.sendSuccessMessage(data.fd, 'userSaySuccess', '发布聊天内容成功，等待审核', message.id)
  }

  /** What the walls of the room have broadcast, newest first. */
  @History
  async history(app: App, data: Data<typeof History>) {
    const { code } = this.name.room(data.code)
    const history = await this.broadcasts.history(code, data.page, data.count)
    app.sendSuccessMessage(data.fd, 'wallSayHistory', '获取历史成功', history)
  }

  onClose(_app: App, data: Closed) {
    return this.audience.changed(data.code)
  }

  onReload() {
    return this.audience.finish()
  }
}
