import { createServer } from 'node:net'
import type { AppConfig } from '../../Library/Config/Schema'

/**
 * Sees that the public ports are free: the engine would share a port in silence, and a second server take half of the first one's
 * clients. A port of 0 becomes a free one here, so that all gateways have the same.
 * @throws Error that names the port which somebody else has
 */
export async function reservePorts(outside: AppConfig['outside']): Promise<AppConfig['outside']> {
  const ports: Record<string, AppConfig['outside'][string]> = {}
  for (const [name, options] of Object.entries(outside)) {
    ports[name] = { ...options, port: await probe(name, options.host, options.port) }
  }
  return ports
}

function probe(name: string, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new Error(`the port ${name} (${host}:${port}) cannot be used: ${explain(error)}`))
    })
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}

function explain({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another program listens there; stop it, or choose another port in Config/app.ts or APP_OUTSIDE_PORT'
    case 'EACCES':
      return 'this user may not listen there; ports below 1024 want root'
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address'
    default:
      return message
  }
}
