import type { Script } from '../../Record/Script'
import { type Answer, RedisError, Status } from '../Resp'
import { wrongCount } from './Arguments'
import { type Context, fitsArity } from './Command'
import { allCommands } from './Commands'
import { Keyspace } from './Keyspace'
import { PubSub } from './PubSub'
import { Scripts } from './Scripts'
import type { Session } from './Session'

const QUEUED = new Status('QUEUED')
const SWEEP_INTERVAL = 100

/** The embedded store without its sockets: a request of a session in, an answer out, synchronously. */
export class Engine {
  readonly #space = new Keyspace()
  readonly #bus = new PubSub()
  readonly #scripts: Scripts
  readonly #sweeper: NodeJS.Timeout

  constructor(scripts: readonly Script[]) {
    this.#scripts = new Scripts(scripts)
    this.#sweeper = setInterval(() => this.#space.sweep(), SWEEP_INTERVAL).unref()
  }

  /** Never throws what Redis would answer as an error; it is the answer. */
  execute(session: Session, request: readonly string[]): Answer {
    this.#space.readClock()
    try {
      return this.#dispatch(session, request)
    } catch (error) {
      if (error instanceof RedisError) return error
      throw error
    }
  }

  endSession(session: Session): void {
    session.close(this.#space, this.#bus)
  }

  close(): void {
    clearInterval(this.#sweeper)
  }

  #dispatch(session: Session, [name = '', ...args]: readonly string[]): Answer {
    const { transaction } = session
    const refuse = (error: RedisError): RedisError => {
      if (transaction !== undefined) transaction.isSpoiled = true
      return error
    }

    const command = allCommands.get(name.toUpperCase())
    if (command === undefined) return refuse(unknownCommand(name))
    if (!fitsArity(command, args)) return refuse(wrongCount(name))
    if (session.subscriptions > 0 && !command.isForSubscribers) return refuse(onlySubscriberCommands(name))
    if (transaction === undefined || command.isControl) return command.run(this.#contextOf(session), args)
    if (command.isTopLevel) return refuse(new RedisError('ERR Command not allowed inside a transaction'))
    transaction.queue.push({ command, args })
    return QUEUED
  }

  #contextOf(session: Session): Context {
    return { space: this.#space, bus: this.#bus, scripts: this.#scripts, commands: allCommands, session }
  }
}

function unknownCommand(name: string): RedisError {
  return new RedisError(
    `ERR unknown command '${name.slice(0, 128)}' in the embedded store; set REDIS_URL to use a real Redis`,
  )
}

function onlySubscriberCommands(name: string): RedisError {
  return new RedisError(
    `ERR Can't execute '${name.toLowerCase()}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
  )
}
