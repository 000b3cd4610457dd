import { type Answer, OK, RedisError, Status } from '../../Resp'
import { integer, syntaxError, unknownSubcommand, wrongCount } from '../Arguments'
import type { Command, CommandTable, Context } from '../Command'

const flush: Command = {
  arity: -1,
  run: ({ space }, [mode, ...rest]) => {
    if (rest.length > 0 || (mode !== undefined && !/^(?:sync|async)$/i.test(mode))) throw syntaxError()
    space.clear()
    return OK
  },
}

export const serverCommands: CommandTable = {
  PING: { arity: -1, isForSubscribers: true, run: ping },
  ECHO: { arity: 2, run: (_, [text = '']) => text },
  HELLO: { arity: -1, isTopLevel: true, run: hello },
  CLIENT: { arity: -2, isTopLevel: true, run: client },
  INFO: { arity: -1, run: info },
  SELECT: {
    arity: 2,
    isTopLevel: true,
    run: (_, [index]) => {
      if (integer(index) !== 0) throw new RedisError('ERR DB index is out of range')
      return OK
    },
  },
  DBSIZE: { arity: 1, run: ({ space }) => space.size },
  FLUSHDB: flush,
  FLUSHALL: flush,
  TIME: {
    arity: 1,
    run: ({ space }) => [String(Math.floor(space.now / 1000)), String((space.now % 1000) * 1000)],
  },
  QUIT: {
    arity: -1,
    isControl: true,
    isForSubscribers: true,
    isTopLevel: true,
    run: ({ session }) => {
      session.isQuitting = true
      return OK
    },
  },
}

function ping({ session }: Context, args: readonly string[]): Answer {
  if (args.length > 1) throw wrongCount('ping')
  const [text] = args
  if (session.subscriptions > 0) return ['pong', text ?? '']
  return text ?? new Status('PONG')
}

/** The store speaks RESP2; ioredis asks for RESP3 first and takes this answer for "then RESP2". */
function hello({ session }: Context, [version, ...options]: readonly string[]): Answer {
  const noInteger = () => new RedisError('ERR Protocol version is not an integer or out of range')
  if (version !== undefined && integer(version, noInteger) !== 2) {
    throw new RedisError('NOPROTO unsupported protocol version')
  }
  if (options.length > 0) throw syntaxError()
  return [
    'server',
    'redis',
    'version',
    VERSION,
    'proto',
    2,
    'id',
    session.id,
    'mode',
    'standalone',
    'role',
    'master',
    'modules',
    [],
  ]
}

function client({ session }: Context, [subcommand = '', ...args]: readonly string[]): Answer {
  switch (subcommand.toUpperCase()) {
    case 'ID':
      return session.id
    case 'GETNAME':
      return session.name === '' ? null : session.name
    case 'SETNAME':
      if (args.length !== 1) throw wrongCount('client|setname')
      session.name = args[0] ?? ''
      return OK
    case 'SETINFO':
      return OK
    default:
      throw unknownSubcommand('CLIENT', subcommand)
  }
}

/** The Redis whose answers the conformance suite holds the store to. */
const VERSION = '7.0.15'

/** As far as clients read it before they take a connection for ready. Asking for sections changes nothing. */
function info({ space }: Context): Answer {
  return [
    '# Server',
    `redis_version:${VERSION}`,
    'redis_mode:standalone',
    'executable:mswoole-ts embedded store',
    `process_id:${process.pid}`,
    '',
    '# Persistence',
    'loading:0',
    '',
    '# Replication',
    'role:master',
    'connected_slaves:0',
    '',
    '# Keyspace',
    ...(space.size > 0 ? [`db0:keys=${space.size}`] : []),
    '',
  ].join('\r\n')
}
