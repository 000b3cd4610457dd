// What was said in the room, the newest at the end.

import { find, make } from '../shared/dom.js'
import { say } from '../shared/i18n.js'
import { unfoldable } from '../shared/unfold.js'

/** More are not kept on a phone; twice as many while somebody reads old ones. */
const MOST = 300
/** Pixels from the end within which somebody reads along. */
const NEAR = 80

export class Timeline {
  #log = find('#log', HTMLElement)
  #list = find('#messages', HTMLOListElement)
  #latest = find('#latest', HTMLButtonElement)
  #unread = 0
  /** @type {(key: string) => void} */
  #forgot

  /** @param {(key: string) => void} forgot is told of what is no longer kept */
  constructor(forgot) {
    this.#forgot = forgot
    this.#latest.addEventListener('click', () => this.toEnd())
    this.#log.addEventListener('scroll', () => this.#isNear() && this.#read(), { passive: true })
    // The keyboard comes and goes: who read the end goes on reading it.
    let near = true
    this.#log.addEventListener(
      'scroll',
      () => {
        near = this.#isNear()
      },
      { passive: true },
    )
    new ResizeObserver(() => near && this.toEnd()).observe(this.#log)
  }

  /** Adds at the end. @param {HTMLElement} item @param {string} key @param {boolean} own somebody who says something wants to see it */
  add(item, key, own = false) {
    const follow = own || this.#isNear()
    item.dataset.key = key
    this.#list.append(item)
    for (const text of texts(item)) unfoldable(text)
    if (follow || this.#list.children.length > 2 * MOST) this.#trim()
    if (follow) {
      this.toEnd()
    } else if (key !== '') {
      this.#unread++
      say(this.#latest, 'newMessages', { count: this.#unread })
      this.#latest.hidden = false
    }
  }

  /** Adds before everything else, without moving what is read. @param {readonly HTMLElement[]} items with their keys set */
  addOlder(items) {
    const near = this.#isNear()
    const below = this.#log.scrollHeight - this.#log.scrollTop
    for (const item of items) item.classList.add('old')
    this.#list.prepend(...items)
    for (const item of items) for (const text of texts(item)) unfoldable(text)
    this.#log.scrollTop = near ? this.#log.scrollHeight : this.#log.scrollHeight - below
  }

  /** Takes something out. @param {string} key @param {HTMLElement} [instead] what stands in its place */
  remove(key, instead) {
    const item = this.#list.querySelector(`:scope > [data-key="${CSS.escape(key)}"]`)
    if (instead) item?.replaceWith(instead)
    else item?.remove()
  }

  /** @param {string} key */
  has(key) {
    return this.#list.querySelector(`:scope > [data-key="${CSS.escape(key)}"]`) !== null
  }

  toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight
    this.#read()
  }

  #isNear() {
    return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < NEAR
  }

  #read() {
    this.#unread = 0
    this.#latest.hidden = true
  }

  #trim() {
    while (this.#list.children.length > MOST) {
      const [oldest] = this.#list.children
      oldest?.remove()
      if (oldest instanceof HTMLElement) this.#forgot(oldest.dataset.key ?? '')
    }
  }
}

/** @param {HTMLElement} item */
const texts = (item) => [...item.querySelectorAll('.text')].filter((text) => text instanceof HTMLElement)

/** A line of the page's own between the messages. @param {import('../shared/i18n.js').Word} word */
export const note = (word) => say(make('li', 'note'), word)
