import { uws } from '../../../Core/Gateway/Engine'
import { undes } from '../../../Library/Encrypt/Encrypt'
import { KEY } from '../../support/client'

/** The floor of a handshake: a bare engine that upgrades after one 3DES decode. */
uws
  .App()
  .ws('/*', {
    idleTimeout: 0,
    compression: 0,
    upgrade(response, request, context) {
      const auth = new URLSearchParams(request.getQuery()).get('auth') ?? ''
      const user = JSON.parse(undes(auth, KEY) ?? 'null')
      response.upgrade(
        { user },
        request.getHeader('sec-websocket-key'),
        request.getHeader('sec-websocket-protocol'),
        request.getHeader('sec-websocket-extensions'),
        context,
      )
    },
  })
  .listen('127.0.0.1', 0, (listener) => {
    process.send?.(listener ? uws.us_socket_local_port(listener) : 0)
  })

process.on('disconnect', () => process.exit())
