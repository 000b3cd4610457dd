import { z } from 'zod'
import { type App, action, type Data } from '../../../Core'

const Plain = action()
const Checked = action({ for: 'wechatUser', data: z.object({ text: z.string() }) })

/** Actions whose cost is counted. */
export class Costs {
  @Plain
  plain(app: App, data: Data<typeof Plain>) {
    app.sendSuccessMessage(data.fd, 'done', '执行完成')
  }

  @Checked
  checked(app: App, data: Data<typeof Checked>) {
    app.sendSuccessMessage(data.fd, 'done', '执行完成', data.text)
  }

  @Checked
  group(app: App, data: Data<typeof Checked>) {
    app.to('COST_GROUP').send('done', '执行完成', data.text)
  }

  @Plain
  async slow(app: App, data: Data<typeof Plain>) {
    await app.groupCount('COST_GROUP')
    app.sendSuccessMessage(data.fd, 'done', '执行完成')
  }

  @Plain
  join(app: App, data: Data<typeof Plain>) {
    app.fdJoin(data.fd, 'COST_GROUP')
  }
}

const text = '<b>some words</b>'
const call = (name: string) => JSON.stringify({ method: `cost.costs.${name}`, text })

/** What is counted, by what it does. */
export const MESSAGES_OF = {
  plain: call('plain'),
  checked: call('checked'),
  group: call('group'),
  slow: call('slow'),
  heartbeat: '2',
}

/** Resolves some loop turns later, with nothing but immediates. */
export function turns(count: number): Promise<void> {
  return new Promise((resolve) => {
    const next = (left: number) => (left === 0 ? resolve() : setImmediate(next, left - 1))
    next(count)
  })
}
