import { type App, action, controller, type Data, refuse } from 'mswoole-ts'
import { z } from 'zod'
import { Pending, shown } from '../Server/Pending'
import { Rooms } from '../Server/Rooms'

const wall = { for: 'wall', refuse: [403, 'mustBeWall', '仅允许大屏幕用户连入'] } as const
const Enter = action(wall)
const Check = action({ ...wall, data: z.object({ id: z.string(), status: z.union([z.string(), z.number()]) }) })
const History = action({ ...wall, data: z.object({ type: z.string().optional() }) })

/** The big screens of a room: they review what the phones say. */
@controller()
export class Wall {
  constructor(
    private readonly rooms: Rooms,
    private readonly pending: Pending,
  ) {}

  @Enter
  async join(app: App, data: Data<typeof Enter>) {
    await app.fdJoin(data.fd, this.rooms.of(data.code).walls)
    app.sendSuccessMessage(data.fd, 'wallJoinSuccess', '加入房间成功')
  }

  @Enter
  async out(app: App, data: Data<typeof Enter>) {
    await app.fdLeave(data.fd, this.rooms.of(data.code).walls)
    app.sendSuccessMessage(data.fd, 'wallOutSuccess', '退出房间成功')
  }

  /** Status 1 approves, anything else rejects. Of two walls that check the same message one succeeds. */
  @Check
  async check(app: App, data: Data<typeof Check>) {
    const room = this.rooms.of(data.code)
    const message = await this.pending.take(room.pending, data.id)
    if (message === undefined) return refuse(403, 'wallCheckFail', '审核消息失败')
    const status = Number(data.status) === 1 ? 1 : 0
    if (status === 1) app.to(room.users).send('userSayBroadcast', '用户消息审核通过', shown(message))
    const result = { id: message.id, status }
    app.toUser(message.userId).send('userSayChecked', '审核结果', result)
    app.to(room.walls).send('userSayChecked', '审核结果', result)
    app.sendSuccessMessage(data.fd, 'wallCheckSuccess', '审核消息成功', message.id)
  }

  @Enter
  async clean(app: App, data: Data<typeof Enter>) {
    await this.pending.clear(this.rooms.of(data.code).pending)
    app.sendSuccessMessage(data.fd, 'wallCleanSuccess', '清除成功')
  }

  @History
  async history(app: App, data: Data<typeof History>) {
    const room = this.rooms.of(data.code)
    if (data.type !== 'user') return refuse(401, 'typeError', '类型错误')
    const messages = await this.pending.all(room.pending)
    const byId = Object.fromEntries(messages.map((message) => [message.id, shown(message)]))
    app.sendSuccessMessage(data.fd, 'userSayHistory', '获取消息历史成功', byId)
  }
}
