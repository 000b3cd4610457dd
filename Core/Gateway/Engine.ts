import type * as Uws from 'uWebSockets.js-node20'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * No one package of the engine serves every Node and every C library: the newer one serves Node 22 and up and wants glibc 2.38, the
 * older one serves Node 20 and 22 on any. The first that loads is taken.
 */
const PACKAGES = ['uWebSockets.js', 'uWebSockets.js-node20']

function load(): { uws: typeof Uws; version: string } {
  // On Node 20 the newer package would find the native part of the older one beside it, and mix the two.
  const names = process.versions.node.startsWith('20.') ? [...PACKAGES].reverse() : PACKAGES
  let first: unknown
  for (const name of names) {
    try {
      const uws: typeof Uws = require(name)
      const description: { version: string } = JSON.parse(
        readFileSync(join(dirname(require.resolve(name)), 'package.json'), 'utf8'),
      )
      return { uws, version: description.version }
    } catch (error) {
      first ??= error
    }
  }
  throw first
}

export const { uws, version: engineVersion } = load()
export type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket, WebSocket } from 'uWebSockets.js-node20'
