import { parseArgs } from 'node:util'
import { reload } from './reload'
import { say } from './say'
import { start } from './start'
import { status } from './status'
import { stop } from './stop'

/** Runs a command in MSwoole's own form. @throws Error with its words for what is wrong */
export async function runMswoole(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      s: { type: 'string', short: 's' },
      h: { type: 'string', short: 'h' },
      p: { type: 'string', short: 'p' },
      i: { type: 'string', short: 'i' },
    },
  })
  const options = {
    ...(values.h === undefined ? {} : { host: values.h }),
    ...(values.p === undefined ? {} : { port: Number(values.p) }),
  }
  switch (values.s) {
    case undefined:
      throw new Error('缺少s指令，s指令用于指明具体操作')
    case 'start':
      return start()
    case 'reload':
      return reload(options)
    case 'stop':
      return stop(options)
    case 'status':
      return status(options)
    case 'say':
      if (!values.i) throw new Error('缺少i参数')
      return say(values.i, options)
    default:
      throw new Error('s指令仅可用start|stop|reload|status|say')
  }
}
