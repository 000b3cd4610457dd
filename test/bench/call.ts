/** The call that is measured: what the client sends, and what it gets. */
export const REQUEST = '{"method":"index.index.index","name":"hello"}'
export const ACKNOWLEDGEMENT = { status: 200, event: 'receiveMessage', info: '服务端已收到您的请求内容' }
export const ANSWER = { status: 200, event: 'success', info: '执行完成' }
