import { WebSocketServer } from 'ws'
import { ANSWER, filled, listening } from './kit.mjs'

/** `ws` with JSON: a Map of methods, a Set of members. */
const members = new Set()
const said = (say) => JSON.stringify({ status: 200, event: 'said', info: '', param: say })
const methods = new Map([
  ['index.index.index', (socket) => socket.send(JSON.stringify(ANSWER))],
  [
    'room.join',
    (socket) => {
      members.add(socket)
      socket.on('close', () => members.delete(socket))
      socket.send('{"status":200,"event":"joined"}')
    },
  ],
  [
    'room.say',
    (_, { say }) => {
      const text = said(say)
      for (const member of members) member.send(text)
    },
  ],
])

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
server.on('connection', (socket) => {
  socket.on('message', (data) => {
    const { method, ...fields } = JSON.parse(data.toString())
    methods.get(method)?.(socket, fields)
  })
})
const say = filled(said)
server.on('listening', () =>
  listening(server.address().port, {
    client: { path: '/' },
    member: { path: '/', hello: '{"method":"room.join"}', welcome: '{"status":200,"event":"joined"' },
    sender: { path: '/' },
    request: '{"method":"index.index.index","name":"hello"}',
    answer: JSON.stringify(ANSWER),
    command: JSON.stringify({ method: 'room.say', say }),
    message: said(say),
  }),
)
