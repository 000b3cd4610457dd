// The messages that wait for review. The selected one stays where it is until the person moves on, whatever comes or goes meanwhile.

import { eventOf } from '../shared/connection.js'
import { find } from '../shared/dom.js'
import { say } from '../shared/i18n.js'
import { messagesOf } from '../shared/wire.js'
import { Entry } from './entry.js'

/** @import { Client } from '../../client.js' @import { Message } from '../shared/wire.js' */

/** More are counted, not shown. */
const MOST_SHOWN = 100
/** Ids that were settled, for what arrives late. */
const MOST_SETTLED = 1000
/** Milliseconds until the server is asked again for what waits. */
const AGAIN = 3000
/** Milliseconds between two words to a screen reader. */
const QUIET = 3000

export class Review {
  #client
  #approved
  #list = find('#queue', HTMLElement)
  #count = find('#queue-count', HTMLElement)
  #more = find('#queue-more', HTMLElement)
  #clear = find('#clear', HTMLButtonElement)
  #news = find('#news', HTMLElement)
  /** @type {Map<string, Entry>} Oldest first. */
  #entries = new Map()
  /** @type {Set<string>} */
  #settled = new Set()
  /** @type {Entry | undefined} */
  #selected
  #isPointed = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #announcing

  /** @param {Client} client @param {(message: Message) => void} approved hears what goes onto the stage, once */
  constructor(client, approved) {
    this.#client = client
    this.#approved = approved
    this.#list.addEventListener('pointerenter', () => this.#point(true))
    this.#list.addEventListener('pointerleave', () => this.#point(false))
  }

  /** How many wait. */
  get size() {
    return [...this.#entries.values()].filter(({ isPast }) => !isPast).length
  }

  /** @param {Message} message */
  add(message) {
    const { id } = message
    if (id === '' || this.#entries.has(id) || this.#settled.has(id)) return
    const entry = new Entry(message, {
      select: () => this.#select(entry),
      check: (approve) => this.#check(entry, approve),
    })
    this.#entries.set(id, entry)
    this.#show()
    this.#announce()
  }

  /** One that some wall of the room has settled. @param {string} id @param {boolean} approve */
  settle(id, approve) {
    const entry = this.#entries.get(id)
    if (!this.#remember(id) || !entry) return
    if (approve) this.#approved(entry.message)
    if (entry.isBusy) this.#remove(entry)
    else entry.end(approve ? 'approvedElsewhere' : 'rejectedElsewhere')
    this.#sweep()
  }

  /** After every join, and when a wall has cleared the queue: what waits is what the server says. */
  async refresh() {
    const before = [...this.#entries.values()]
    const reply = await this.#client.call('live.wall.history', { type: 'user' }).catch(() => undefined)
    if (!reply) {
      if (this.#client.state === 'open') setTimeout(() => this.refresh(), AGAIN)
      return // without a connection the next join asks again
    }
    const messages = messagesOf(reply.param)
    const waiting = new Set(messages.map(({ id }) => id))
    for (const entry of before) if (!waiting.has(entry.message.id)) entry.end('gone')
    for (const message of messages) this.add(message)
    this.#sweep()
  }

  /** Rejects all. Those that came in meanwhile stay. */
  async clear() {
    const all = [...this.#entries.values()]
    await this.#client.call('live.wall.clean')
    for (const entry of all) this.#remove(entry)
    await this.refresh()
  }

  /** Takes a decision on the selected one. @param {boolean} approve */
  decide(approve) {
    if (this.#selected) this.#check(this.#selected, approve)
  }

  /** @param {number} by @param {boolean} [focus] */
  move(by, focus = true) {
    const shown = this.#shown()
    const at = this.#selected ? shown.indexOf(this.#selected) : -1
    const next = shown[Math.min(shown.length - 1, Math.max(0, at + by))]
    if (next && next === this.#selected && next.isPast) this.#leave(next)
    else if (next) this.#select(next)
    if (focus) this.focus()
  }

  focus() {
    this.#selected?.element.focus()
  }

  unfold() {
    this.#selected?.unfold()
  }

  /** @param {Entry} entry @param {boolean} approve */
  async #check(entry, approve) {
    this.#select(entry)
    if (entry.isBusy) return
    // It was settled by somebody else under our hand: what comes next was not meant.
    if (entry.isPast) return this.#leave(entry)
    entry.isBusy = true
    try {
      await this.#client.call('live.wall.check', { id: entry.message.id, status: approve ? 1 : 0 })
      this.settle(entry.message.id, approve)
    } catch (error) {
      entry.isBusy = false
      if (eventOf(error) === 'wallCheckFail') entry.end('gone')
      else if (!entry.isPast) entry.tell('checkFailed')
      this.#show()
    }
  }

  /** @param {Entry} entry */
  #select(entry) {
    if (entry === this.#selected) return
    this.#selected?.select(false)
    this.#selected = entry
    entry.select(true)
    this.#sweep()
  }

  /** Selects the next one, or the one before if there is none. @param {Entry} entry */
  #leave(entry) {
    const shown = this.#shown()
    const at = shown.indexOf(entry)
    const next = shown[at + 1] ?? shown[at - 1]
    if (next) this.#select(next)
    else this.#remove(entry)
  }

  /** @param {Entry} entry */
  #remove(entry) {
    const hadFocus = entry.element.contains(document.activeElement)
    if (entry === this.#selected) {
      const shown = this.#shown()
      const at = shown.indexOf(entry)
      entry.select(false)
      this.#selected = shown[at + 1] ?? shown[at - 1]
      this.#selected?.select(true)
    }
    this.#entries.delete(entry.message.id)
    entry.element.remove()
    if (hadFocus) this.focus()
    this.#show()
  }

  /** Takes out what is settled, where nobody is about to press a button. */
  #sweep() {
    for (const entry of this.#entries.values()) {
      if (entry.isPast && entry !== this.#selected && !this.#isPointed) this.#remove(entry)
    }
    this.#show()
  }

  /** @param {boolean} isPointed */
  #point(isPointed) {
    this.#isPointed = isPointed
    this.#sweep()
  }

  #shown() {
    return [...this.#entries.values()].slice(0, MOST_SHOWN)
  }

  #show() {
    const shown = this.#shown()
    for (const entry of shown) {
      if (entry.element.isConnected) continue
      this.#list.append(entry.element)
      entry.measure()
    }
    if (!this.#selected && shown[0]) this.#select(shown[0])
    const { size } = this
    this.#count.textContent = String(size)
    this.#count.classList.toggle('none', size === 0)
    this.#clear.disabled = size === 0
    const hidden = this.#entries.size - shown.length
    this.#more.hidden = hidden === 0
    say(this.#more, 'queueMore', { count: hidden })
  }

  #announce() {
    this.#announcing ??= setTimeout(() => {
      this.#announcing = undefined
      say(this.#news, 'queueNews', { count: this.size })
    }, QUIET)
  }

  /** @param {string} id @returns whether it is the first time */
  #remember(id) {
    if (this.#settled.has(id)) return false
    this.#settled.add(id)
    const [oldest = ''] = this.#settled
    if (this.#settled.size > MOST_SETTLED) this.#settled.delete(oldest)
    return true
  }
}
