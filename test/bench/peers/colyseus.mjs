import { createServer } from 'node:http'
import { getMessageBytes, matchMaker, Protocol, Room, Server } from '@colyseus/core'
import { WebSocketTransport } from '@colyseus/ws-transport'
import { ANSWER, filled, listening } from './kit.mjs'

/** Colyseus: one room without a state. Its heartbeats are put off; its seats are taken beforehand, when the benchmark asks for them. */
class Bench extends Room {
  autoDispose = false

  onCreate() {
    this.setSeatReservationTime(3600)
    this.onMessage('index', (client) => client.send('success', ANSWER))
    this.onMessage('say', (sender, say) => this.broadcast('said', say, { except: sender }))
  }
}

const http = createServer()
const server = new Server({ greet: false, transport: new WebSocketTransport({ server: http, pingInterval: 0 }) })
server.define('bench', Bench)
await server.listen(0, '127.0.0.1')

const { roomId } = await matchMaker.createRoom('bench', {})
process.on('message', async ({ seats }) => {
  if (seats === undefined) return
  const paths = []
  for (let seat = 0; seat < seats; seat++) {
    const { room, sessionId } = await matchMaker.joinById(roomId, {})
    paths.push(`/${room.processId}/${room.roomId}?sessionId=${sessionId}`)
  }
  process.send({ answer: paths })
})

const bytes = (type, message) => getMessageBytes.raw(Protocol.ROOM_DATA, type, message)
const said = (say) => bytes('said', say)
// The server says that somebody is in, and sends nothing before the client has said so, too.
const client = {
  path: '',
  welcome: String.fromCharCode(Protocol.JOIN_ROOM),
  reply: Uint8Array.of(Protocol.JOIN_ROOM),
}
const say = filled(said)
listening(http.address().port, {
  seats: true,
  client,
  member: client,
  sender: client,
  request: bytes('index', { name: 'hello' }),
  answer: bytes('success', ANSWER),
  command: bytes('say', say),
  message: said(say),
})
