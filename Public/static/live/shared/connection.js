// A page's way into its room: the auth string from its link, the connection, and what a person is told of both.

import { connect } from '../../client.js'

/** @import { Client } from '../../client.js' */

/**
 * `connecting`: for the first time; `live`: in the room; `waiting`: was in the room and will be again; `offline`: the same, and the
 * device has no network. The others are ends: a person has to do something.
 * @typedef {'connecting' | 'live' | 'waiting' | 'offline' | 'refused' | 'noLink' | 'replaced' | 'kicked' | 'wrongPage' | 'noRoom'} Status
 */

/** By this page itself. */
const LEFT = 1000
const REPLACED = 4409
const KICKED = 4403

/** A phone in a hall loses its network often: a dead connection is found within so many milliseconds. */
const HEARTBEAT = 12000
const JOIN_TIMEOUT = 6000
const REJOIN = 1500

/** A field of the link: of its query or of its fragment, which no server sees. @param {string} name */
export const inLink = (name) =>
  new URLSearchParams(location.search).get(name) ?? new URLSearchParams(location.hash.slice(1)).get(name) ?? undefined

/**
 * Enters the room, and does so again after every reconnect.
 * @param {{
 *   join: string,
 *   onJoined: (again: boolean) => void,
 *   onStatus: (status: Status) => void,
 * }} options `join` is the action that enters; `again` is false the first time
 * @returns {Client | undefined} undefined when the link has no auth string
 */
export function enter({ join, onJoined, onStatus }) {
  const auth = inLink('auth')
  if (!auth) {
    onStatus('noLink')
    return undefined
  }
  /** @type {Status} */
  let status = 'connecting'
  let hasBeenLive = false
  let openings = 0
  /** Handshakes in a row that failed although the server answers. */
  let refusals = 0

  /** @param {Status} next */
  function become(next) {
    status = next
    onStatus(next)
  }

  const away = () => (navigator.onLine ? (hasBeenLive ? 'waiting' : 'connecting') : 'offline')
  const client = connect(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`, {
    auth,
    heartbeat: HEARTBEAT,
  })
  client.onError((error) => console.info(String(error)))
  let wasConnecting = true
  client.onState((state, { code }) => {
    if (state === 'closed') code !== LEFT && become(endOf(code))
    else if (state !== 'open' && status !== 'refused') become(away())
    if (state === 'waiting' && wasConnecting) judge()
    wasConnecting = state === 'connecting'
  })

  /** A browser does not say why a handshake failed. If the server is there, it did not want this auth string. */
  async function judge() {
    const answer = await fetch(location.pathname, { method: 'HEAD', cache: 'no-store' }).catch(() => undefined)
    if (client.state === 'open') return
    refusals = answer?.ok ? refusals + 1 : 0
    // One that has let us in may be about to restart: it is asked twice. In any case the client goes on trying.
    if (refusals > (hasBeenLive ? 1 : 0)) become('refused')
  }

  client.onOpen(async () => {
    const mine = ++openings
    refusals = 0
    while (client.state === 'open' && mine === openings) {
      try {
        await client.call(join, {}, { timeout: JOIN_TIMEOUT })
        const again = hasBeenLive
        hasBeenLive = true
        become('live')
        return onJoined(again)
      } catch (error) {
        const end = barred(error)
        if (end !== undefined) {
          client.close()
          return become(end)
        }
        await new Promise((resolve) => setTimeout(resolve, REJOIN))
      }
    }
  })

  addEventListener('offline', () => ['live', 'waiting', 'connecting'].includes(status) && become('offline'))
  addEventListener('online', () => status === 'offline' && become(client.state === 'open' ? 'live' : away()))
  onStatus(status)
  return client
}

/** @param {number | undefined} code @returns {Status} */
function endOf(code) {
  if (code === REPLACED) return 'replaced'
  return code === KICKED ? 'kicked' : 'refused'
}

/** @param {unknown} error of a join @returns {Status | undefined} undefined: it may work the next time */
function barred(error) {
  switch (eventOf(error)) {
    case 'mustBeWechatUser':
    case 'mustBeWall':
      return 'wrongPage'
    case 'codeIsEmpty':
      return 'noRoom'
    default:
      return undefined
  }
}

/** What a call was answered. @param {unknown} error */
export const eventOf = (error) =>
  typeof error === 'object' && error !== null && 'event' in error ? String(error.event) : ''
