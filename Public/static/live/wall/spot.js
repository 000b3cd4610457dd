// The latest broadcast, large on the stage.

import { find } from '../shared/dom.js'
import { cut } from '../shared/text.js'

/** @import { Broadcast } from '../shared/wire.js' */

/** Milliseconds that it stays. */
const STAY = 90_000
/** Characters that fit in large letters, and at all. */
const SHORT = 26
const LONGEST = 140

export class Spot {
  #element = find('#spot', HTMLElement)
  #words = find('.words', HTMLElement, this.#element)
  #who = find('b', HTMLElement, this.#element)
  #id = ''
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer

  /** @param {Broadcast} broadcast */
  show({ id, nickname, say, time }) {
    const age = time === undefined ? 0 : Math.max(0, Date.now() - time * 1000)
    if (id === this.#id || age >= STAY) return
    this.#id = id
    const text = cut(say, LONGEST)
    this.#words.textContent = text
    this.#words.classList.toggle('long', text.length > SHORT)
    this.#who.textContent = nickname
    this.#set(false)
    this.#set(true)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#set(false), STAY - age)
  }

  /** @param {string} id */
  recall(id) {
    if (id === this.#id) this.#set(false)
  }

  /** @param {boolean} shown */
  #set(shown) {
    this.#element.hidden = !shown
    document.body.classList.toggle('spotted', shown)
    void this.#element.offsetWidth // so that each one comes in anew
  }
}
