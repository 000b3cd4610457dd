import type { Answer } from '../Resp'
import type { Keyspace } from './Keyspace'
import type { PubSub } from './PubSub'
import type { Scripts } from './Scripts'
import type { Session } from './Session'

/** What a command can reach. */
export interface Context {
  readonly space: Keyspace
  readonly bus: PubSub
  readonly scripts: Scripts
  readonly commands: Commands
  /** Whose command it is. */
  readonly session: Session
}

/** Answers, or throws a RedisError before it has changed anything. `args` are those after the command's name. */
export type Run = (context: Context, args: readonly string[]) => Answer

export interface Command {
  /** As Redis counts it: the name included; negative: at least so many. */
  readonly arity: number
  readonly run: Run
  /** Runs at once also between MULTI and EXEC. */
  readonly isControl?: true
  /** A client that has subscribed may still send it. */
  readonly isForSubscribers?: true
  /** Concerns the connection: neither a script nor a transaction may call it. */
  readonly isTopLevel?: true
  /** Runs other commands. */
  readonly isNotForScripts?: true
}

/** Keyed by names in upper case. */
export type Commands = ReadonlyMap<string, Command>
export type CommandTable = Readonly<Record<string, Command>>

export function fitsArity(command: Command, args: readonly string[]): boolean {
  const count = args.length + 1
  return command.arity < 0 ? count >= -command.arity : count === command.arity
}
