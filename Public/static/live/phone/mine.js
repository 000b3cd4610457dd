// What the person with this phone has said, and what became of it.

import { eventOf } from '../shared/connection.js'
import { button, make, quote } from '../shared/dom.js'
import { say } from '../shared/i18n.js'
import { icon } from '../shared/icons.js'
import { idOf } from '../shared/wire.js'

/** @import { Client } from '../../client.js' @import { Icon } from '../shared/icons.js' @import { Timeline } from './timeline.js' */

/**
 * @typedef {'sending' | 'sendingLater' | 'pending' | 'shown' | 'notShown' | 'unknown' | 'refusedText'
 *   | 'failed' | 'maybeSent' | 'tooFast' | 'tooMany' | 'busy'} State the last five can be tried again
 */

/** Milliseconds: in a hall full of phones an answer may take its time. */
const PATIENCE = 25000
/** Verdicts on messages whose id is not known yet. */
const MOST_EARLY = 100

/** @type {Readonly<Record<State, Icon>>} */
const ICONS = {
  sending: 'clock',
  sendingLater: 'clock',
  pending: 'clock',
  shown: 'screen',
  notShown: 'cross',
  unknown: 'check',
  refusedText: 'cross',
  failed: 'retry',
  maybeSent: 'retry',
  tooFast: 'retry',
  tooMany: 'retry',
  busy: 'retry',
}

export class Mine {
  #client
  #timeline
  /** @type {Map<string, Said>} By the id that the server gave them. */
  #byId = new Map()
  /** @type {Set<Said>} Without an answer. */
  #underWay = new Set()
  /** @type {Map<string, boolean>} Approved or not: what came before the answer that tells the id. */
  #early = new Map()

  /** @param {Client} client @param {Timeline} timeline */
  constructor(client, timeline) {
    this.#client = client
    this.#timeline = timeline
  }

  /** @param {string} text */
  say(text) {
    const said = new Said(text, () => this.#send(said))
    this.#timeline.add(said.element, '', true)
    this.#send(said)
  }

  /** @param {string} id @param {boolean} approved */
  settle(id, approved) {
    const said = this.#byId.get(id)
    if (said) return said.become(approved ? 'shown' : 'notShown')
    this.#early.set(id, approved)
    const [oldest = ''] = this.#early.keys()
    if (this.#early.size > MOST_EARLY) this.#early.delete(oldest)
  }

  /** @param {string} id */
  has(id) {
    return this.#byId.has(id)
  }

  /** The phone is in its room: what waited for that goes. */
  arrived() {
    for (const said of this.#underWay) said.become('sending')
  }

  /** While it was away it may have missed what became of these. */
  missed() {
    for (const said of this.#byId.values()) if (said.state === 'pending') said.become('unknown')
  }

  /** @param {Said} said */
  async #send(said) {
    said.become(this.#client.state === 'open' ? 'sending' : 'sendingLater')
    this.#underWay.add(said)
    try {
      const { param } = await this.#client.call('live.user.say', { say: said.text }, { timeout: PATIENCE })
      this.#sent(said, idOf(param))
    } catch (error) {
      said.become(stateAfter(eventOf(error), this.#client.state === 'open'))
    } finally {
      this.#underWay.delete(said)
    }
  }

  /** @param {Said} said @param {string} id */
  #sent(said, id) {
    this.#byId.set(id, said)
    said.element.dataset.id = id
    const approved = this.#early.get(id)
    this.#early.delete(id)
    this.#timeline.remove(`message ${id}`) // the room heard it before we knew that it is ours
    said.become(approved === undefined ? 'pending' : approved ? 'shown' : 'notShown')
  }
}

/** @param {string} event why the call failed @param {boolean} open @returns {State} */
function stateAfter(event, open) {
  switch (event) {
    case 'connectionLost':
    case 'controllerTimeout':
      return 'maybeSent'
    case 'timeout':
      return open ? 'maybeSent' : 'failed'
    case 'sayTooFast':
    case 'tooManyRequests':
      return 'tooFast'
    case 'tooManyPending':
      return 'tooMany'
    case 'serviceUnavailable':
      return 'busy'
    case 'invalidParam':
      return 'refusedText'
    default:
      return 'failed'
  }
}

/** One message, in the log. */
class Said {
  /** @type {State} */
  state = 'sending'
  #label = make('span')
  #button

  /** @param {string} text @param {() => void} again */
  constructor(text, again) {
    this.text = text
    this.#button = button('state', again)
    this.element = make('li', 'mine', quote('p', 'bubble text', text), this.#button)
    this.become('sending')
  }

  /** @param {State} state */
  become(state) {
    this.state = state
    this.element.dataset.state = state
    this.#button.disabled = ICONS[state] !== 'retry'
    this.#button.replaceChildren(icon(ICONS[state]), say(this.#label, state))
  }
}
