import { uws } from '../../../Core/Gateway/Engine'
import { ACKNOWLEDGEMENT, ANSWER } from '../subjects/call'

/**
 * The floor: a bare engine that does the job by hand. One JSON.parse, one Map look-up, one JSON.stringify a reply.
 * `node call.js 1` answers, `node call.js 2` acknowledges first.
 */
const acknowledges = process.argv[2] === '2'
const methods = new Map([
  ['index.index.index', () => ANSWER],
  ['bench.call.checked', () => ANSWER],
])

uws
  .App()
  .ws('/*', {
    idleTimeout: 0,
    compression: 0,
    message(socket, message) {
      const { method } = JSON.parse(Buffer.from(message).toString())
      if (acknowledges) socket.send(JSON.stringify(ACKNOWLEDGEMENT), false)
      socket.send(JSON.stringify(methods.get(method)?.()), false)
    },
  })
  .listen('127.0.0.1', 0, (listener) => {
    process.send?.(listener ? uws.us_socket_local_port(listener) : 0)
  })

process.on('disconnect', () => process.exit())
