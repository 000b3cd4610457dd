import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'
import { ANSWER, filled, listening } from './kit.mjs'

/**
 * Socket.IO as its documentation shows it; with the url of a Redis, `node socketio.mjs redis://...`, it is one of several processes. Its
 * heartbeats are put off, so that they are not what is measured.
 */
const ROOM = 'room'
const [, , redis] = process.argv

function adapter() {
  const publisher = new Redis(redis)
  return { adapter: createAdapter(publisher, publisher.duplicate()) }
}

const http = createServer()
const io = new Server(http, { ...(redis && adapter()), transports: ['websocket'], pingInterval: 86_400_000 })

io.on('connection', (socket) => {
  socket.on('index.index.index', () => socket.emit('success', ANSWER))
  if (socket.handshake.query.member) {
    socket.join(ROOM)
    socket.emit('joined')
  }
  socket.on('say', (say) => io.to(ROOM).emit('said', say))
})

// In packets of Engine.IO (4: a message) and Socket.IO (0: connect, 2: an event).
const packet = (...event) => `42${JSON.stringify(event)}`
const said = (say) => packet('said', say)
const client = { path: '/socket.io/?EIO=4&transport=websocket', hello: '40', welcome: '40{' }
const say = filled(said)
http.listen(0, '127.0.0.1', () =>
  listening(http.address().port, {
    client,
    member: { ...client, path: `${client.path}&member=1`, welcome: packet('joined') },
    sender: client,
    request: packet('index.index.index', { name: 'hello' }),
    answer: packet('success', ANSWER),
    command: packet('say', say),
    message: said(say),
  }),
)
