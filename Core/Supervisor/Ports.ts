import { createServer, type Server } from 'node:net'
import type { AppConfig } from '../../Library/Config/Schema'

type Outside = AppConfig['outside']

/** The ports that this server listens on already. */
interface Held {
  /** As they were configured: one may be 0. */
  readonly asked: Outside
  /** As they were found. */
  readonly ours: Outside
}

/**
 * Sees that the public ports are free: the engine would share a port in silence, and a second server take half of the first one's
 * clients. A port of 0 becomes a free one here, so that all gateways have the same; at a restart it stays what it is.
 * @throws Error that names the port which somebody else has
 */
export async function reservePorts(
  outside: Outside,
  { asked, ours }: Held = { asked: {}, ours: {} },
): Promise<Outside> {
  const ports: Record<string, Outside[string]> = {}
  const own = Object.values(ours).map(({ port }) => port)
  // All are held until the last one has been tried, so that two of our own cannot be the same either.
  const held: Server[] = []
  try {
    for (const [name, options] of Object.entries(outside)) {
      const stays = options.port === 0 && asked[name]?.port === 0 ? ours[name]?.port : undefined
      const port = stays ?? options.port
      // The engine shares it with ourselves, once.
      if (own.includes(port)) {
        own.splice(own.indexOf(port), 1)
        ports[name] = { ...options, port }
        continue
      }
      const server = await hold(name, options.host, port)
      held.push(server)
      ports[name] = { ...options, port: portOf(server) }
    }
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  }
  return ports
}

function hold(name: string, host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new Error(`the port ${name} (${host}:${port}) cannot be used: ${explain(error)}`))
    })
    server.listen({ host, port, exclusive: true }, () => resolve(server))
  })
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function explain({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another program, or another port of this server, listens there; choose another one in Config/app.ts or APP_OUTSIDE_PORT'
    case 'EACCES':
      return 'this user may not listen there; ports below 1024 want root'
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address; correct outside.*.host in Config/app.ts or APP_OUTSIDE_HOST'
    default:
      return `${message}; correct outside.*.host in Config/app.ts or APP_OUTSIDE_HOST`
  }
}
