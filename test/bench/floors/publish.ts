import { uws } from '../../../Core/Gateway/Engine'
import { JOINED } from '../subjects/message'

/** The floor: a bare engine. Members are on a topic from the beginning; what the sender says is published as it came. */
const TOPIC = 'room'

const app = uws.App()
const behavior = { idleTimeout: 0, sendPingsAutomatically: false, compression: 0, maxBackpressure: 1024 * 1024 }

app
  .ws('/member', {
    ...behavior,
    open(socket) {
      socket.subscribe(TOPIC)
      socket.send(JOINED, false)
    },
  })
  .ws('/sender', {
    ...behavior,
    message(_socket, message) {
      app.publish(TOPIC, message, false)
    },
  })
  .listen('127.0.0.1', 0, (listener) => {
    process.send?.(listener ? uws.us_socket_local_port(listener) : 0)
  })

process.on('disconnect', () => process.exit())
