import type { Whom } from '../Orders'
import { isFd, UIDTOFD_TYPE } from '../Record/Keys'
import { isObject } from '../Wire/Protocol'
import type { Commands } from './Manager'
import { describeStatus } from './Status'

/** What the manager port answers: MSwoole's text, and the same for programs. */
export interface Reply {
  readonly text: string
  readonly json: { readonly ok: boolean; readonly message: string } & Readonly<Record<string, unknown>>
}

/** Carries out a command. @param progress told of each step of a long one. Never rejects. */
export async function answer(command: unknown, commands: Commands, progress: (step: string) => void): Promise<Reply> {
  if (!isObject(command) || typeof command.method !== 'string') return failed('格式不符合规范')
  try {
    switch (command.method) {
      case 'reload':
        await commands.reload(progress)
        return done('服务即将重启')
      case 'restart':
        await commands.restart(progress)
        return done('服务已重启')
      case 'stop':
        commands.stop()
        return done('服务即将关闭')
      case 'status': {
        const status = await commands.status()
        return done(describeStatus(status), { status })
      }
      case 'say': {
        const { say: text, dryRun = false } = command
        const whom = readWhom(command)
        if (typeof text !== 'string' || text === '' || typeof dryRun !== 'boolean' || !whom)
          return failed('格式不符合规范')
        const outcome = await commands.reach({ order: 'say', whom, text, dryRun })
        return done(`${dryRun ? '将' : '已'}发送给 ${outcome.delivered} 个连接`, { ...outcome, dryRun })
      }
      case 'kick': {
        const whom = readWhom(command)
        if (whom === undefined || whom === 'everybody') return failed('格式不符合规范')
        const { delivered: kicked } = await commands.reach({ order: 'kick', whom })
        return done(`已断开 ${kicked} 个连接`, { kicked })
      }
      case 'audit': {
        const { fix = false } = command
        if (typeof fix !== 'boolean') return failed('格式不符合规范')
        const gateways = await commands.audit(fix)
        const count = gateways.reduce((all, { strangers }) => all + strangers.length, 0)
        return done(`登记中有 ${count} 个不存在的连接`, { gateways, fixed: fix })
      }
      default:
        return failed('指令无效')
    }
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error))
  }
}

/** @returns which connections a command means, all where it says nothing; undefined when what it says cannot be */
function readWhom({ fd, group, user, type = UIDTOFD_TYPE }: Readonly<Record<string, unknown>>): Whom | undefined {
  if ([fd, group, user].filter((one) => one !== undefined).length > 1) return undefined
  if (fd !== undefined) return isFd(fd) ? { fd } : undefined
  if (group !== undefined) return isWord(group) ? { group } : undefined
  if (user === undefined) return 'everybody'
  return (isWord(user) || typeof user === 'number') && isWord(type) ? { user: String(user), type } : undefined
}

const isWord = (value: unknown): value is string => typeof value === 'string' && value !== ''

const done = (message: string, more: Readonly<Record<string, unknown>> = {}): Reply => ({
  text: message,
  json: { ok: true, message, ...more },
})

const failed = (message: string): Reply => ({ text: message, json: { ok: false, message } })
