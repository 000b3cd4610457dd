import type { Redis } from 'ioredis'
import { deadline } from '../Deadline'
import { ioredis } from './ioredis'
import type { ClientOptions } from './Options'

/** How much longer than its `socketTimeout` a connection may be silent, in milliseconds. */
const SECOND_LOOK_MS = 500

type Command = Parameters<Redis['sendCommand']>[0]

let Made: ReturnType<typeof define> | undefined

/**
 * A Redis client that does not take a pause of its own process for a silence of Redis: after one, the timers of ioredis come before the
 * answers that lie there.
 */
export function openClient(options: ClientOptions): Redis {
  Made ??= define()
  return new Made(options)
}

/** The class, which cannot be made before ioredis is loaded. */
function define() {
  return class extends ioredis().Redis {
    constructor(options: ClientOptions) {
      super(options)
      this.on('connect', () => lookAgain(this.stream))
    }

    override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
      const { commandTimeout } = this.options
      if (commandTimeout !== undefined) bearPauses(args[0], commandTimeout)
      return super.sendCommand(...args)
    }
  }
}

/** @param ms what the command may take: ioredis watches over the first half, we over the second */
function bearPauses(command: Command, ms: number): void {
  const half = ms / 2
  command.setTimeout(half)
  const { reject } = command
  command.reject = (error) => {
    if (error.message !== 'Command timed out') return reject(error)
    deadline(half, () => command.isSettled || reject(error))
  }
}

/** A connection that is to end because it was silent is looked at once more. */
export function lookAgain(stream: Redis['stream']): void {
  const destroy = stream.destroy.bind(stream)
  stream.destroy = (error) => {
    if (!error?.message.startsWith('Socket timeout.')) return destroy(error)
    const heard = stream.bytesRead
    deadline(SECOND_LOOK_MS, () => stream.bytesRead === heard && destroy(error))
    return stream
  }
}
