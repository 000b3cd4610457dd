/** The calls that are measured: what the client sends, and what it gets. */
const request = (method: string) => `{"method":"${method}","name":"hello"}`

export const INDEX = request('index.index.index')
export const CHECKED = request('bench.call.checked')
export const UNCHECKED = request('bench.call.unchecked')
export const COMPUTE = request('bench.call.compute')

export const ACKNOWLEDGEMENT = { status: 200, event: 'receiveMessage', info: '服务端已收到您的请求内容' }
export const ANSWER = { status: 200, event: 'success', info: '执行完成' }

/** The texts that answer one request. @param count 1: the acknowledgement is off, 2: it is on */
export const replies = (count: 1 | 2) => [ACKNOWLEDGEMENT, ANSWER].slice(-count).map((reply) => JSON.stringify(reply))
