import 'reflect-metadata'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { WsAdapter } from '@nestjs/platform-ws'
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets'
import { ANSWER, filled, listening } from './kit.mjs'

/** NestJS with platform-ws: a gateway whose answers are returned, and a Set of members, since it has no rooms. */
const members = new Set()
const said = (say) => JSON.stringify({ event: 'said', data: say })
const answer = { event: 'success', data: ANSWER }

class Gateway {
  handleDisconnect(socket) {
    members.delete(socket)
  }

  index() {
    return answer
  }

  join(socket) {
    members.add(socket)
    return { event: 'joined', data: '' }
  }

  say(_, say) {
    const text = said(say)
    for (const member of members) member.send(text)
  }
}
for (const [method, event] of [
  ['index', 'index.index.index'],
  ['join', 'join'],
  ['say', 'say'],
]) {
  SubscribeMessage(event)(Gateway.prototype, method, Object.getOwnPropertyDescriptor(Gateway.prototype, method))
}
WebSocketGateway()(Gateway)

class App {}
Module({ providers: [Gateway] })(App)

const app = await NestFactory.create(App, { logger: ['error', 'warn'] })
app.useWebSocketAdapter(new WsAdapter(app))
await app.listen(0, '127.0.0.1')
const say = filled(said)
listening(app.getHttpServer().address().port, {
  client: { path: '/' },
  member: { path: '/', hello: '{"event":"join"}', welcome: '{"event":"joined"' },
  sender: { path: '/' },
  request: '{"event":"index.index.index","data":{"name":"hello"}}',
  answer: JSON.stringify(answer),
  command: JSON.stringify({ event: 'say', data: say }),
  message: said(say),
})
