// What the walls of the room have said: heard, taken back, and read up.

import { make, quote } from '../shared/dom.js'
import { clock, say } from '../shared/i18n.js'
import { icon } from '../shared/icons.js'
import { pageOf } from '../shared/wire.js'
import { note } from './timeline.js'

/** @import { Client } from '../../client.js' @import { Broadcast } from '../shared/wire.js' @import { Timeline } from './timeline.js' */

const PAGE = 10
/** Recalls are remembered, for a history that was asked for before them. */
const MOST_RECALLED = 200

export class Broadcasts {
  #client
  #timeline
  #button
  /** Those in the log: the newest ones of the room, without a gap. @type {Set<string>} */
  #known = new Set()
  /** @type {Set<string>} */
  #recalled = new Set()
  /** How many the room has. */
  #count = 0

  /** @param {Client} client @param {Timeline} timeline @param {HTMLButtonElement} button for earlier ones */
  constructor(client, timeline, button) {
    this.#client = client
    this.#timeline = timeline
    this.#button = button
    button.addEventListener('click', () => this.#earlier())
  }

  /** @param {Broadcast} broadcast */
  add(broadcast) {
    if (this.#known.has(broadcast.id)) return
    this.#known.add(broadcast.id)
    this.#count++
    this.#timeline.add(elementOf(broadcast), keyOf(broadcast.id))
  }

  /** @param {string} id */
  recall(id) {
    this.#recalled.add(id)
    const [oldest = ''] = this.#recalled
    if (this.#recalled.size > MOST_RECALLED) this.#recalled.delete(oldest)
    if (!this.#known.delete(id)) return
    this.#count--
    this.#timeline.remove(keyOf(id), note('recalled'))
  }

  /** It has left the log. @param {string} key */
  forget(key) {
    for (const id of this.#known) if (keyOf(id) === key) this.#known.delete(id)
    this.#show()
  }

  /** After every join: what was missed, added or taken back meanwhile. */
  async refresh() {
    // What comes while the answer is under way is newer than it: no page tells anything about that.
    const before = [...this.#known]
    const page = await this.#ask(1).catch(() => undefined)
    if (page === undefined) return this.#show('loadFailed')
    const ids = new Set(page.list.map(({ id }) => id))
    const least = Math.min(...page.list.map(({ id }) => Number(id)))
    for (const id of before) if (!ids.has(id) && Number(id) >= least) this.recall(id)
    const follows = before.some((id) => ids.has(id))
    // More than a page was missed: what is older would leave a gap.
    if (!follows) for (const id of before) this.#drop(id)
    const fresh = page.list.filter(({ id }) => !this.#known.has(id)).reverse()
    const newer = [...this.#known].filter((id) => !ids.has(id) && !before.includes(id)).length
    if (!follows) this.#addOlder(fresh)
    else for (const broadcast of fresh) this.add(broadcast)
    this.#count = page.count + newer
    this.#show()
  }

  async #earlier() {
    this.#button.disabled = true
    say(this.#button, 'loading')
    // Those that came or went since the last page have moved the pages; what is known already is passed over.
    const page = await this.#ask(Math.floor(this.#known.size / PAGE) + 1).catch(() => undefined)
    if (page) {
      this.#count = page.list.length === 0 ? this.#known.size : page.count
      this.#addOlder(page.list.filter(({ id }) => !this.#known.has(id)).reverse())
    }
    this.#show(page ? undefined : 'loadFailed')
  }

  /** @param {number} page */
  async #ask(page) {
    const { list, count } = pageOf((await this.#client.call('live.user.history', { page, count: PAGE })).param)
    return { list: list.filter(({ id }) => !this.#recalled.has(id)), count }
  }

  /** @param {readonly Broadcast[]} broadcasts oldest first */
  #addOlder(broadcasts) {
    const items = broadcasts.map((broadcast) => {
      this.#known.add(broadcast.id)
      const item = elementOf(broadcast)
      item.dataset.key = keyOf(broadcast.id)
      return item
    })
    this.#timeline.addOlder(items)
  }

  /** @param {string} id */
  #drop(id) {
    this.#known.delete(id)
    this.#timeline.remove(keyOf(id))
  }

  /** @param {'loadFailed'} [trouble] */
  #show(trouble) {
    this.#button.disabled = false
    say(this.#button, trouble ?? 'earlier')
    this.#button.hidden = trouble === undefined && this.#known.size >= this.#count
  }
}

/** @param {string} id */
const keyOf = (id) => `broadcast ${id}`

/** @param {Broadcast} broadcast */
function elementOf({ nickname, say: text, time }) {
  const who = nickname === '' ? say(make('b'), 'fromWall') : quote('b', '', nickname)
  const at = make('time', '', clock(time === undefined ? new Date() : new Date(time * 1000)))
  return make('li', 'broadcast', make('p', 'from', icon('horn'), who, at), quote('p', 'text', text))
}
