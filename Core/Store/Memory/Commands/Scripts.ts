import { type Answer, RedisError } from '../../Resp'
import { integer, unknownSubcommand, wrongCount } from '../Arguments'
import type { CommandTable, Context } from '../Command'
import { sha1 } from '../Scripts'

export const scriptCommands: CommandTable = {
  EVAL: {
    arity: -3,
    isNotForScripts: true,
    run: (context, [lua = '', ...args]) => run(context, known(context, lua), args),
  },
  EVALSHA: { arity: -3, isNotForScripts: true, run: (context, [sha = '', ...args]) => run(context, sha, args) },
  SCRIPT: {
    arity: -2,
    isNotForScripts: true,
    run: (context, [subcommand = '', ...args]) => {
      switch (subcommand.toUpperCase()) {
        case 'EXISTS':
          if (args.length === 0) throw wrongCount('script|exists')
          return args.map((sha) => (context.scripts.has(sha) ? 1 : 0))
        case 'LOAD':
          if (args.length !== 1) throw wrongCount('script|load')
          return known(context, args[0] ?? '')
        default:
          throw unknownSubcommand('SCRIPT', subcommand)
      }
    },
  },
}

/** The SHA-1 of a Lua text that has a twin here. */
function known({ scripts }: Context, lua: string): string {
  const sha = sha1(lua)
  if (scripts.has(sha)) return sha
  throw new RedisError("ERR the embedded store runs no Lua but the kernel's own; set REDIS_URL to use a real Redis")
}

function run(context: Context, sha: string, [count, ...args]: readonly string[]): Answer {
  const keys = integer(count)
  if (keys > args.length) throw new RedisError("ERR Number of keys can't be greater than number of args")
  if (keys < 0) throw new RedisError("ERR Number of keys can't be negative")
  return context.scripts.run(context, sha, args.slice(0, keys), args.slice(keys))
}
