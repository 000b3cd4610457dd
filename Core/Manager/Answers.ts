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
        if (typeof command.say !== 'string' || command.say === '') return failed('格式不符合规范')
        const outcome = await commands.say(command.say)
        return done(`已发送给 ${outcome.delivered} 个连接`, { ...outcome })
      }
      default:
        return failed('指令无效')
    }
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error))
  }
}

const done = (message: string, more: Readonly<Record<string, unknown>> = {}): Reply => ({
  text: message,
  json: { ok: true, message, ...more },
})

const failed = (message: string): Reply => ({ text: message, json: { ok: false, message } })
