import {
  type App,
  action,
  type Closed,
  controller,
  type Data,
  log,
  type OnClose,
  type OnReload,
  refuse,
} from 'mswoole-ts'
import { z } from 'zod'
import { live } from '../Config'
import { WallMessages } from '../Model/Wall'
import { Audience } from '../Server/Audience'
import { Audit } from '../Server/Audit'
import { paging, whole, words } from '../Server/Input'
import { Name } from '../Server/Name'
import { Pending, shown } from '../Server/Pending'

const wall = { for: 'wall', refuse: [403, 'mustBeWall', '仅允许大屏幕用户连入'] } as const
const Plain = action(wall)
const Say = action({ ...wall, data: z.object({ say: words(live.broadcast.length) }) })
const Recall = action({ ...wall, data: z.object({ id: whole(Number.MAX_SAFE_INTEGER) }) })
const Check = action({ ...wall, data: z.object({ id: z.string(), status: z.union([z.string(), z.number()]) }) })
const History = action({ ...wall, data: paging.extend({ type: z.unknown().optional() }) })

/** The walls of a room, its big screens: they broadcast, and review what the phones say. */
@controller()
export class Wall implements OnClose, OnReload {
  constructor(
    private readonly name: Name,
    private readonly pending: Pending,
    private readonly audience: Audience,
    private readonly audit: Audit,
    private readonly broadcasts: WallMessages,
  ) {}

  @Plain
  async join(app: App, data: Data<typeof Plain>) {
    await app.fdJoin(data.fd, this.name.room(data.code).walls)
    await app.fdAddController(data.fd, 'Live.Wall')
    await this.audience.changed(data.code)
    app.sendSuccessMessage(data.fd, 'wallJoinSuccess', '加入房间成功')
  }

  @Plain
  async out(app: App, data: Data<typeof Plain>) {
    await app.fdLeave(data.fd, this.name.room(data.code).walls)
    await app.fdRemoveController(data.fd, 'Live.Wall')
    await this.audience.changed(data.code)
    app.sendSuccessMessage(data.fd, 'wallOutSuccess', '退出房间成功')
  }

  /** Kept first, shown then: what is not in the table could not be recalled. */
  @Say
  async say(app: App, data: Data<typeof Say>) {
    const { users, walls } = this.name.room(data.code)
    const { nickname = '', id: userId } = data.auth
    const said = { code: data.code, nickname, say: data.say, user_id: String(userId) }
    const { id } = await this.broadcasts.create(said).catch((error) => {
      log.error({ err: error, code: data.code }, 'a broadcast could not be kept, and was not sent')
      return refuse(501, 'insertDbError', '保存数据至数据库失败')
    })
    for (const group of [users, walls])
      app
        .to(group)
        .except(data.fd)
        .send('wallSayBroadcast', '收到大屏幕广播内容', { ...said, id })
    app.sendSuccessMessage(data.fd, 'wallSaySuccess', '广播成功', { ...said, id })
  }

  /** Only what this room has broadcast, and once. */
  @Recall
  async recall(app: App, data: Data<typeof Recall>) {
    const { users, walls } = this.name.room(data.code)
    if (!(await this.broadcasts.recall(data.code, data.id))) refuse(403, 'wallRecallFail', '撤回广播失败')
    for (const group of [users, walls])
      app.to(group).except(data.fd).send('wallSayRecall', '撤回一条大屏幕消息', data.id)
    app.sendSuccessMessage(data.fd, 'wallRecallSuccess', '撤回广播成功')
  }

  /** Status 1 approves, anything else rejects. Of two walls that check the same message one succeeds. */
  @Check
  async check(app: App, data: Data<typeof Check>) {
    const room = this.name.room(data.code)
    const message = await this.pending.take(room, data.id)
    if (message === undefined) return refuse(403, 'wallCheckFail', '审核消息失败')
    const status = Number(data.status) === 1 ? 1 : 0
    if (status === 1) app.to(room.users).send('userSayBroadcast', '用户消息审核通过', shown(message))
    const result = { id: message.id, status }
    app.toUser(message.userId).send('userSayChecked', '审核结果', result)
    app.to(room.walls).send('userSayChecked', '审核结果', result)
    app.sendSuccessMessage(data.fd, 'wallCheckSuccess', '审核消息成功', message.id)
    this.audit.checked(data.code, [message], status, data.auth.id)
  }

  /** Rejects all that there are. */
  @Plain
  async clean(app: App, data: Data<typeof Plain>) {
    const room = this.name.room(data.code)
    const messages = await this.pending.clear(room)
    for (const { id, userId } of messages) app.toUser(userId).send('userSayChecked', '审核结果', { id, status: 0 })
    app.to(room.walls).except(data.fd).send('userSayCleaned', '待审核消息已清除')
    app.sendSuccessMessage(data.fd, 'wallCleanSuccess', '清除成功')
    this.audit.checked(data.code, messages, 0, data.auth.id)
  }

  /** Type `user`: what awaits review; `wall`: what the walls of the room have broadcast, newest first. */
  @History
  async history(app: App, data: Data<typeof History>) {
    const room = this.name.room(data.code)
    if (data.type === 'user') {
      const byId = Object.fromEntries((await this.pending.all(room)).map((message) => [message.id, shown(message)]))
      return app.sendSuccessMessage(data.fd, 'userSayHistory', '获取消息历史成功', byId)
    }
    if (data.type !== 'wall') return refuse(401, 'typeError', '类型错误')
    const history = await this.broadcasts.history(data.code, data.page, data.count)
    app.sendSuccessMessage(data.fd, 'wallSayHistory', '获取历史成功', history)
  }

  onClose(_app: App, data: Closed) {
    return this.audience.changed(data.code)
  }

  onReload() {
    return this.audience.finish()
  }
}
