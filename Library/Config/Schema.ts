import * as v from 'valibot'

/** The key that MSwoole's samples use. Production refuses it. */
export const SAMPLE_KEY = 'kfw001-websocket'

// The message of every check is what the option may be; `Config.ts` adds its name and what it got.

function whole(min: number, max: number, about: string) {
  const mayBe = `a whole number from ${min} to ${max}`
  return v.pipe(v.number(mayBe), v.integer(mayBe), v.minValue(min, mayBe), v.maxValue(max, mayBe), v.description(about))
}

const TEXT = 'a text that is not empty'
const text = (about: string) => v.pipe(v.string(TEXT), v.nonEmpty(TEXT), v.description(about))

const anyText = (about: string) => v.pipe(v.string('a text'), v.description(about))

const flag = (about: string) => v.pipe(v.boolean('true or false'), v.description(about))

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values, about: string) {
  return v.pipe(v.picklist(values, `one of ${values.join(', ')}`), v.description(about))
}

function listOf<const Item extends v.GenericSchema>(item: Item, what: string, about: string, least = 0) {
  const mayBe = `a list of ${what}${least > 0 ? ', at least one' : ''}`
  return v.pipe(v.array(item, mayBe), v.minLength(least, mayBe), v.description(about))
}

/** The same under each name that the user chooses. */
const named = <const Value extends v.GenericSchema>(value: Value, mayBe: string) =>
  v.record(v.pipe(v.string(), v.regex(/^\w{1,32}$/, mayBe)), value, mayBe)

/** A group: these options, and no others. What is told of names that are none is the names, by comma. */
const options = <const Options extends v.ObjectEntries>(entries: Options) =>
  v.strictObject(entries, ({ expected, path }) => {
    if (path === undefined) return 'an object of options'
    if (expected !== 'never') return TEXT // the only options that must be given
    const names = Object.keys(Object(path[0].input))
    return names.filter((name) => !Object.hasOwn(entries, name)).join()
  })

const port = (about: string) => whole(0, 65535, about)
const MULTI_LOGIN = ['allow', 'kickOld', 'rejectNew'] as const
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** PHP takes "0" for empty, and MSwoole an empty key for one that everybody knows. */
const authKey = v.pipe(
  text('key'),
  v.check((key) => key !== '0', 'any text but an empty one and 0'),
)

const setting = options({
  mode: v.optional(
    oneOf(['base', 'process'], 'process: gateway and workers in processes of their own; base: both in one process'),
    'process',
  ),
  reactor_num: v.optional(whole(1, 256, 'gateways, the processes that hold the sockets'), 1),
  worker_num: v.optional(
    whole(1, 1024, 'workers, the processes that run App/; default 1 on the embedded store, else the number of cores'),
  ),
  task_worker_num: v.optional(whole(0, 1024, 'task workers'), 0),
  dispatch_mode: v.optional(
    v.pipe(
      v.picklist([2, 4, 5], '2 (fd), 4 (IP) or 5 (user id)'),
      v.description('what a connection is given to a worker by: 2 fd, 4 IP, 5 user id'),
    ),
    2,
  ),
  max_request: v.optional(whole(0, 1e12, 'calls after which a worker is replaced; 0 never'), 0),
  max_memory: v.optional(whole(0, 1e6, 'MiB after which a worker is replaced; 0 never'), 0),
  max_wait_time: v.optional(whole(1, 3600, 'seconds that a stop, or an old worker at a reload, may take'), 10),
  drain_time: v.optional(whole(0, 3600, 'seconds over which a restart spreads its closes'), 10),
  stall_limit: v.optional(whole(1, 3600, 'seconds without a sign of life after which a worker is ended'), 30),
  controller_timeout: v.optional(whole(1, 3600, 'seconds that an action may take; then the caller gets 504'), 10),
  max_in_flight: v.optional(whole(1, 10_000, 'calls of one connection under way; beyond it 429'), 32),
  heartbeat_idle_time: v.optional(whole(1, 86_400, 'seconds of silence after which a client is closed with 4408'), 60),
  package_max_length: v.optional(whole(64, 16_777_216, 'bytes of one frame from a client; beyond it 1009'), 16_384),
  socket_buffer_size: v.optional(
    whole(65_536, 1_073_741_824, 'bytes that wait for a slow reader; beyond it 4413'),
    1_048_576,
  ),
})

const outsidePort = options({
  host: v.optional(text('address to listen on'), '127.0.0.1'),
  port: v.optional(port('port to listen on; 0 any free one'), 20_000),
  auth: v.optional(flag('clients must bring a valid auth string; false: everybody is anonymous'), true),
  tls: v.optional(
    options({
      cert: text('for wss://: file of the certificate and its chain, in PEM, from the folder of the project on'),
      key: text('for wss://: file of the key of that certificate'),
    }),
  ),
})

/** What Config/app.ts may say. */
export const appSchema = options({
  setting: v.optional(setting, {}),
  manager: v.optional(
    options({
      host: v.optional(text('address of the manager port'), '127.0.0.1'),
      port: v.optional(port('manager port; 0 any free one'), 20_001),
      token: v.optional(anyText('bearer token of the manager port; empty: made at start, in Runtime/'), ''),
    }),
    {},
  ),
  outside: v.optional(
    v.pipe(
      named(outsidePort, 'public ports, each under a name of 1 to 32 letters, digits or _'),
      v.check((ports) => Object.keys(ports).length > 0, 'at least one public port'),
    ),
    { main: {} },
  ),
  auth: v.optional(
    options({
      key: v.optional(listOf(authKey, 'keys', 'keys of the auth string; all are accepted, the first one encrypts', 1), [
        SAMPLE_KEY,
      ]),
      accept: v.optional(
        listOf(oneOf(['des', 'v2'], 'form'), 'forms (des, v2)', 'forms of the auth string that are accepted', 1),
        ['des', 'v2'],
      ),
      ttl: v.optional(whole(1, 10_000_000_000, 'seconds from its ctime that an auth string is valid'), 86_400),
      multiLogin: v.optional(
        v.pipe(
          v.record(v.string(), oneOf(MULTI_LOGIN, 'policy'), `${MULTI_LOGIN.join(', ')}, by auth type`),
          v.description('what becomes of a second login of one user, by auth type'),
        ),
        { wechatUser: 'allow' },
      ),
    }),
    {},
  ),
  limits: v.optional(
    options({
      rate: v.optional(whole(0, 1_000_000, 'messages a second a connection; 0 no limit'), 100),
      burst: v.optional(whole(1, 1_000_000, 'messages at once a connection'), 200),
      perIp: v.optional(whole(0, 1_000_000, 'connections an IP address; 0 no limit'), 0),
    }),
    {},
  ),
  ack: v.optional(flag('acknowledge every request with receiveMessage'), true),
  filter: v.optional(oneOf(['html', 'none'], 'html: escape & < > " \' in all that clients send'), 'html'),
  groups: v.optional(
    options({
      raw: v.optional(
        listOf(text('prefix'), 'key prefixes', 'prefixes of keys that are filled by hand, too: always sent by the set'),
        [],
      ),
    }),
    {},
  ),
  log: v.optional(
    options({
      level: v.optional(oneOf(LOG_LEVELS, 'least level that is logged'), 'info'),
      keepDays: v.optional(whole(1, 3650, 'days that log files are kept'), 14),
    }),
    {},
  ),
})

const cacheConnection = options({
  url: v.optional(anyText('redis://, rediss:// or a socket path; empty: the embedded store'), ''),
  prefix: v.optional(anyText('put before every key and channel'), ''),
  tls: v.optional(
    options({
      ca: v.optional(
        text('for rediss://: file of the authority that signed the certificate of Redis, if Node does not know it'),
      ),
      cert: v.optional(text('for rediss://: file of the certificate of this server, if Redis wants one')),
      key: v.optional(text('for rediss://: file of the key of that certificate')),
    }),
  ),
})

/** What Config/cache.ts may say: the named connections; `master` holds the record of who is connected. */
export const cacheSchema = options({
  master: v.optional(cacheConnection, {}),
  task: v.optional(cacheConnection, {}),
})

const dbConnection = options({
  url: v.optional(
    anyText(
      'mysql://, mariadb://, postgres://, mssql://, sqlite:path; empty: the embedded SQLite, Runtime/data.sqlite',
    ),
    '',
  ),
  prefix: v.optional(
    v.pipe(anyText('put before the names of tables'), v.regex(/^\w{0,32}$/, 'up to 32 letters, digits or _')),
    '',
  ),
})

/** What Config/db.ts may say: the named connections; `master` is that of models and migrations. */
export const dbSchema = named(dbConnection, 'connections, each under a name of 1 to 32 letters, digits or _')

type Frozen<T> = T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T

export type AppOptions = v.InferInput<typeof appSchema>
export type AppConfig = Frozen<v.InferOutput<typeof appSchema>>
export type DbOptions = v.InferInput<typeof dbSchema>
export type DbConfig = Frozen<v.InferOutput<typeof dbSchema>>
export type CacheOptions = v.InferInput<typeof cacheSchema>
export type CacheConfig = Frozen<v.InferOutput<typeof cacheSchema>>
