/** Every reply that the kernel itself gives, by its event: the status and the text. An error that user code refuses with is its own. */
export const REPLIES = {
  receiveMessage: { status: 200, info: '服务端已收到您的请求内容' },
  serverBroadcast: { status: 200, info: '收到服务广播内容' },
  invalidParam: { status: 400, info: '参数不正确' },
  forbidden: { status: 403, info: '没有权限' },
  controllerNotFound: { status: 404, info: '您请求的控制器不存在' },
  methodNotFound: { status: 405, info: '您请求的method方法不存在' },
  tooManyRequests: { status: 429, info: '请求过于频繁' },
  controllerError: { status: 500, info: '程序错误' },
  serviceUnavailable: { status: 503, info: '服务暂时不可用' },
  controllerTimeout: { status: 504, info: '程序执行超时' },
} as const

export type ReplyEvent = keyof typeof REPLIES

/** Every reason for which the server closes a connection: the close code and the reason that the client is told. */
export const CLOSES = {
  serverStops: { code: 1001, reason: 'server stops' },
  frameTooBig: { code: 1009, reason: 'frame too big' },
  restart: { code: 1012, reason: 'restart, come back' },
  overload: { code: 1013, reason: 'overload' },
  notAnObject: { code: 4400, reason: 'not a JSON object' },
  authExpired: { code: 4401, reason: 'auth expired' },
  kicked: { code: 4403, reason: 'kicked' },
  silent: { code: 4408, reason: 'silent for too long' },
  replaced: { code: 4409, reason: 'replaced by a newer login' },
  slowReader: { code: 4413, reason: 'read too slowly' },
  tooManyMessages: { code: 4429, reason: 'too many messages' },
} as const

export type CloseReason = keyof typeof CLOSES
