// What was approved, flying over the stage; or standing on it, for those whom motion troubles.

import { find, quote } from '../shared/dom.js'
import { say } from '../shared/i18n.js'
import { cut, numberOf } from '../shared/text.js'
import { Lanes } from './lanes.js'

/** @import { Message } from '../shared/wire.js' */

/** Milliseconds over the stage: a long text flies faster, for it has further to go. */
const NEAR_MS = 13000
const FAR_MS = 17000
/** Characters, of which the stage shows what fits. */
const LONGEST = 60
/** More do not wait: the oldest gives way. */
const MOST_WAITING = 300
/** Fewer are no news. */
const MANY_WAITING = 5
const CALM = 8
const FACES = 6
/** Milliseconds until a lane is looked for again. */
const AGAIN = 150
/** The stage greets again after so long without a text. */
const SILENCE = 20000

export class Danmaku {
  #flying = find('#flying', HTMLElement)
  #calm = find('#calm', HTMLElement)
  #backlog = find('#backlog', HTMLElement)
  #isCalm = matchMedia('(prefers-reduced-motion: reduce)')
  #lanes = new Lanes()
  /** @type {Message[]} */
  #waiting = []
  /** Made, and measured, without a lane. @type {HTMLElement | undefined} */
  #next
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #silence

  constructor() {
    new ResizeObserver(() => this.#measure()).observe(this.#flying)
    this.#isCalm.addEventListener('change', () => {
      this.#flying.replaceChildren()
      this.#calm.replaceChildren()
      this.#next = undefined
      this.#go()
    })
  }

  /** @param {Message} message */
  add(message) {
    this.#waiting.push(message)
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift()
    this.#go()
  }

  #go() {
    clearTimeout(this.#timer)
    if (this.#isCalm.matches) this.#stand()
    else this.#fly()
    const waiting = this.#waiting.length
    this.#backlog.hidden = waiting < MANY_WAITING
    say(this.#backlog, 'backlog', { count: waiting })
    if (waiting > 0 || this.#next) this.#timer = setTimeout(() => this.#go(), AGAIN)
  }

  #fly() {
    for (;;) {
      const message = this.#next ? undefined : this.#waiting.shift()
      if (message) {
        this.#next = elementOf('p', message)
        this.#flying.append(this.#next)
      }
      if (!this.#next || !this.#start(this.#next)) return
      this.#next = undefined
    }
  }

  /** @param {HTMLElement} text @returns whether there was a lane for it */
  #start(text) {
    const [width, length] = [this.#flying.clientWidth, text.offsetWidth]
    const duration = text.classList.contains('far') ? FAR_MS : NEAR_MS
    const lane = this.#lanes.start(performance.now(), length, duration)
    if (lane === undefined) return false
    this.#show()
    const top = lane * text.offsetHeight
    text.style.visibility = 'visible'
    text.dataset.lane = String(lane)
    const from = `translate3d(${width}px, ${top}px, 0)`
    const to = `translate3d(${-length}px, ${top}px, 0)`
    text.animate({ transform: [from, to] }, { duration, fill: 'both' }).onfinish = () => text.remove()
    return true
  }

  #stand() {
    const messages = this.#waiting.splice(0)
    if (messages.length === 0) return
    this.#calm.append(...messages.slice(-CALM).map((message) => elementOf('li', message)))
    while (this.#calm.children.length > CALM) this.#calm.firstElementChild?.remove()
    this.#show()
  }

  #show() {
    document.body.classList.add('busy')
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => {
      if (this.#calm.children.length === 0) document.body.classList.remove('busy')
    }, SILENCE)
  }

  #measure() {
    const { clientWidth: width, clientHeight: height } = this.#flying
    const lane = Number.parseFloat(getComputedStyle(this.#flying).lineHeight) || 1
    const count = Math.max(1, Math.floor(height / lane))
    this.#lanes.resize(count, width, lane)
    for (const text of this.#flying.children) {
      if (text instanceof HTMLElement) text.classList.toggle('outside', Number(text.dataset.lane) >= count)
    }
    this.#go()
  }
}

/** @param {string} tag @param {Message} message */
function elementOf(tag, { id, nickname, say: text }) {
  const element = quote(tag, `face-${numberOf(nickname, FACES)}`, '')
  if (numberOf(id, 3) === 0) element.classList.add('far')
  element.dataset.id = id
  const who = quote('b', '', cut(nickname, 16))
  if (nickname !== '') element.append(who)
  element.append(quote('span', '', cut(text, LONGEST)))
  return element
}
