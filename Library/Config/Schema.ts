import { anyText, flag, type GivenOf, listOf, named, oneOf, options, text, type ValueOf, whole } from './Rule'

/** The key that MSwoole's samples use. Production refuses it. */
export const SAMPLE_KEY = 'kfw001-websocket'

/** PHP takes "0" for empty, and MSwoole an empty key for one that everybody knows. */
const authKey = text('key').but((key) => key !== '0', 'any text but an empty one and 0')

/** Of a port, or a connection. */
const NAME = /^\w{1,32}$/

const port = (about: string) => whole(0, 65535, about)
const MULTI_LOGIN = ['allow', 'kickOld', 'rejectNew'] as const
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

const setting = options({
  mode: oneOf(
    ['base', 'process'],
    'process: gateway and workers in processes of their own; base: both in one process',
  ).default('process'),
  reactor_num: whole(1, 256, 'gateways, the processes that hold the sockets').default(1),
  worker_num: whole(
    1,
    1024,
    'workers, the processes that run App/; default 1 on the embedded store, else the number of cores',
  ).optional(),
  task_worker_num: whole(0, 1024, 'task workers').default(0),
  dispatch_mode: oneOf(
    [2, 4, 5],
    'what a connection is given to a worker by: 2 fd, 4 IP, 5 user id',
    '2 (fd), 4 (IP) or 5 (user id)',
  ).default(2),
  max_request: whole(0, 1e12, 'calls after which a worker is replaced; 0 never').default(0),
  max_memory: whole(0, 1e6, 'MiB after which a worker is replaced; 0 never').default(0),
  max_wait_time: whole(1, 3600, 'seconds that a stop, or an old worker at a reload, may take').default(10),
  drain_time: whole(0, 3600, 'seconds over which a restart spreads its closes').default(10),
  stall_limit: whole(1, 3600, 'seconds without a sign of life after which a worker is ended').default(30),
  controller_timeout: whole(1, 3600, 'seconds that an action may take; then the caller gets 504').default(10),
  max_in_flight: whole(1, 10_000, 'calls of one connection under way; beyond it 429').default(32),
  heartbeat_idle_time: whole(1, 86_400, 'seconds of silence after which a client is closed with 4408').default(60),
  package_max_length: whole(64, 16_777_216, 'bytes of one frame from a client; beyond it 1009').default(16_384),
  socket_buffer_size: whole(65_536, 1_073_741_824, 'bytes that wait for a slow reader; beyond it 4413').default(
    1_048_576,
  ),
})

const outsidePort = options({
  host: text('address to listen on').default('127.0.0.1'),
  port: port('port to listen on; 0 any free one').default(20_000),
  auth: flag('clients must bring a valid auth string; false: everybody is anonymous').default(true),
  tls: options({
    cert: text('for wss://: file of the certificate and its chain, in PEM, from the folder of the project on'),
    key: text('for wss://: file of the key of that certificate'),
  }).optional(),
})

/** What Config/app.ts may say. */
export const appSchema = options({
  setting: setting.default({}),
  manager: options({
    host: text('address of the manager port').default('127.0.0.1'),
    port: port('manager port; 0 any free one').default(20_001),
    token: anyText('bearer token of the manager port; empty: made at start, in Runtime/').default(''),
  }).default({}),
  outside: named(outsidePort, 'public ports, each under a name of 1 to 32 letters, digits or _', '', NAME)
    .but((ports) => Object.keys(ports).length > 0, 'at least one public port')
    .default({ main: {} }),
  auth: options({
    key: listOf(authKey, 'keys', 'keys of the auth string; all are accepted, the first one encrypts', 1).default([
      SAMPLE_KEY,
    ]),
    accept: listOf(
      oneOf(['des', 'v2'], 'form'),
      'forms (des, v2)',
      'forms of the auth string that are accepted',
      1,
    ).default(['des', 'v2']),
    ttl: whole(1, 10_000_000_000, 'seconds from its ctime that an auth string is valid').default(86_400),
    multiLogin: named(
      oneOf(MULTI_LOGIN, 'policy'),
      `${MULTI_LOGIN.join(', ')}, by auth type`,
      'what becomes of a second login of one user, by auth type',
    ).default({ wechatUser: 'allow' }),
  }).default({}),
  limits: options({
    rate: whole(0, 1_000_000, 'messages a second a connection; 0 no limit').default(100),
    burst: whole(1, 1_000_000, 'messages at once a connection').default(200),
    perIp: whole(0, 1_000_000, 'connections an IP address; 0 no limit').default(0),
  }).default({}),
  ack: flag('acknowledge every request with receiveMessage').default(true),
  filter: oneOf(['html', 'none'], 'html: escape & < > " \' in all that clients send').default('html'),
  groups: options({
    raw: listOf(
      text('prefix'),
      'key prefixes',
      'prefixes of keys that are filled by hand, too: always sent by the set',
    ).default([]),
  }).default({}),
  log: options({
    level: oneOf(LOG_LEVELS, 'least level that is logged').default('info'),
    keepDays: whole(1, 3650, 'days that log files are kept').default(14),
  }).default({}),
})

const cacheConnection = options({
  url: anyText('redis://, rediss:// or a socket path; empty: the embedded store').default(''),
  prefix: anyText('put before every key and channel').default(''),
  tls: options({
    ca: text(
      'for rediss://: file of the authority that signed the certificate of Redis, if Node does not know it',
    ).optional(),
    cert: text('for rediss://: file of the certificate of this server, if Redis wants one').optional(),
    key: text('for rediss://: file of the key of that certificate').optional(),
  }).optional(),
})

/** What Config/cache.ts may say: the named connections; `master` holds the record of who is connected. */
export const cacheSchema = options({
  master: cacheConnection.default({}),
  task: cacheConnection.default({}),
})

const dbConnection = options({
  url: anyText(
    'mysql://, mariadb://, postgres://, mssql://, sqlite:path; empty: the embedded SQLite, Runtime/data.sqlite',
  ).default(''),
  prefix: anyText('put before the names of tables')
    .but((prefix) => /^\w{0,32}$/.test(prefix), 'up to 32 letters, digits or _')
    .default(''),
})

/** What Config/db.ts may say: the named connections; `master` is that of models and migrations. */
export const dbSchema = named(dbConnection, 'connections, each under a name of 1 to 32 letters, digits or _', '', NAME)

type Frozen<T> = T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T

export type AppOptions = GivenOf<typeof appSchema>
export type AppConfig = Frozen<ValueOf<typeof appSchema>>
export type DbOptions = GivenOf<typeof dbSchema>
export type DbConfig = Frozen<ValueOf<typeof dbSchema>>
export type CacheOptions = GivenOf<typeof cacheSchema>
export type CacheConfig = Frozen<ValueOf<typeof cacheSchema>>
