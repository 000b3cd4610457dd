import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'

/**
 * Socket.IO with its Redis adapter, as its documentation shows it, one of several processes: `node socketio.mjs redis://...`. Its
 * heartbeats are put off, so that they are not what is measured.
 */
const ROOM = 'room'

const publisher = new Redis(process.argv[2])
const subscriber = publisher.duplicate()
const http = createServer()
const io = new Server(http, {
  adapter: createAdapter(publisher, subscriber),
  transports: ['websocket'],
  pingInterval: 86_400_000,
})

io.on('connection', (socket) => {
  if (socket.handshake.query.member) {
    socket.join(ROOM)
    socket.emit('joined')
  } else socket.on('say', (say) => io.to(ROOM).emit('said', say))
})

http.listen(0, '127.0.0.1', () => process.send(http.address().port))
process.on('disconnect', () => process.exit())
