const ANY: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Whether who listens there listens on every address of the machine. */
export const isAnyAddress = (host: string) => Object.hasOwn(ANY, host)

/** Whether only this machine comes there. */
export const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.')

/** The ws:// or wss:// address of a port; an IPv6 address gets its brackets. */
export function addressOf(host: string, port: number, tls = false): string {
  return `${tls ? 'wss' : 'ws'}://${host.includes(':') ? `[${host}]` : host}:${port}/`
}

/** The same for a client on this machine, who cannot connect to "any address". */
export function localAddressOf(host: string, port: number, tls = false): string {
  return addressOf(ANY[host] ?? host, port, tls)
}
