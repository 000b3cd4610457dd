import type { Redis } from 'ioredis'
import { ioredis } from './ioredis'
import type { ClientOptions } from './Options'

/** A timer that comes no later than this is in time, in milliseconds. */
const IN_TIME_MS = 50

/** How much longer than its `socketTimeout` a connection may be silent, in milliseconds. */
const SECOND_LOOK_MS = 500

type Command = Parameters<Redis['sendCommand']>[0]

let Made: ReturnType<typeof define> | undefined

/**
 * A Redis client that does not take its own process' pause for a silence of Redis: after one, the timers of ioredis come before the
 * answers that lie there. A command whose time ran out in a pause has it once more.
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

/** @param ms how long the command may wait for its answer */
function bearPauses(command: Command, ms: number): void {
  const due = performance.now() + ms
  const { reject } = command
  command.reject = (error) => {
    if (error.message !== 'Command timed out') return reject(error)
    const give = () => {
      if (!command.isSettled) reject(error)
    }
    // What has come is read between the timers of a turn and its immediates.
    if (performance.now() - due < IN_TIME_MS) setImmediate(give)
    else setTimeout(() => setImmediate(give), ms)
  }
}

/** A connection that is to end because it was silent is looked at once more. */
export function lookAgain(stream: Redis['stream']): void {
  const destroy = stream.destroy.bind(stream)
  stream.destroy = (error) => {
    if (!error?.message.startsWith('Socket timeout.')) return destroy(error)
    const heard = stream.bytesRead
    const look = () => {
      if (stream.bytesRead === heard) destroy(error)
    }
    setTimeout(() => setImmediate(look), SECOND_LOOK_MS).unref()
    return stream
  }
}
