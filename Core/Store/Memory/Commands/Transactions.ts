import { type Answer, NIL_ARRAY, OK, RedisError } from '../../Resp'
import type { CommandTable, Context } from '../Command'
import { Transaction } from '../Session'

export const transactionCommands: CommandTable = {
  MULTI: {
    arity: 1,
    isControl: true,
    isTopLevel: true,
    run: ({ session }) => {
      if (session.transaction !== undefined) throw new RedisError('ERR MULTI calls can not be nested')
      session.transaction = new Transaction()
      return OK
    },
  },
  EXEC: { arity: 1, isControl: true, isTopLevel: true, run: execute },
  DISCARD: {
    arity: 1,
    isControl: true,
    isTopLevel: true,
    run: ({ session, space }) => {
      if (session.transaction === undefined) throw new RedisError('ERR DISCARD without MULTI')
      session.transaction = undefined
      space.unwatch(session.watch)
      return OK
    },
  },
  WATCH: {
    arity: -2,
    isControl: true,
    isTopLevel: true,
    run: ({ session, space }, keys) => {
      if (session.transaction !== undefined) throw new RedisError('ERR WATCH inside MULTI is not allowed')
      for (const key of keys) space.watch(key, session.watch)
      return OK
    },
  },
  UNWATCH: {
    arity: 1,
    run: ({ session, space }) => {
      space.unwatch(session.watch)
      return OK
    },
  },
}

function execute(context: Context): Answer {
  const { session, space } = context
  const { transaction } = session
  if (transaction === undefined) throw new RedisError('ERR EXEC without MULTI')
  session.transaction = undefined
  const isUnchanged = space.unwatch(session.watch)
  if (transaction.isSpoiled) throw new RedisError('EXECABORT Transaction discarded because of previous errors.')
  if (!isUnchanged) return NIL_ARRAY
  return transaction.queue.map(({ command, args }) => {
    try {
      return command.run(context, args)
    } catch (error) {
      // The others run all the same: a transaction in Redis has no way back.
      if (error instanceof RedisError) return error
      throw error
    }
  })
}
