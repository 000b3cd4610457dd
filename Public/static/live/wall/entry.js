// One message in the queue.

import { button, make, quote } from '../shared/dom.js'
import { say } from '../shared/i18n.js'
import { icon } from '../shared/icons.js'
import { unfoldable } from '../shared/unfold.js'

/** @import { Icon } from '../shared/icons.js' @import { Message } from '../shared/wire.js' @import { Word } from '../shared/i18n.js' */

export class Entry {
  #text
  #word = make('p', 'word')
  #isBusy = false
  /** It is settled, and stays only so that nothing moves under somebody's hand. */
  isPast = false

  /** @param {Message} message @param {{ select: () => void, check: (approve: boolean) => void }} acts */
  constructor(message, { select, check }) {
    this.message = message
    const who = message.nickname === '' ? say(make('b'), 'anonymous') : quote('b', '', message.nickname)
    this.#text = quote('p', 'text', message.say)
    const acts = make(
      'div',
      'acts',
      act('approve', 'check', 'A', () => check(true)),
      act('reject', 'cross', 'R', () => check(false)),
    )
    this.element = make('li', '', make('p', 'from', who), this.#text, acts)
    this.element.tabIndex = -1
    this.element.dataset.id = message.id
    this.element.addEventListener('focusin', select)
    this.element.addEventListener('click', select)
  }

  get isBusy() {
    return this.#isBusy
  }

  set isBusy(isBusy) {
    this.#isBusy = isBusy
    this.element.ariaBusy = String(isBusy)
    this.#word.remove()
  }

  /** @param {boolean} selected */
  select(selected) {
    this.element.ariaCurrent = String(selected)
    this.element.tabIndex = selected ? 0 : -1
    if (selected) this.element.scrollIntoView({ block: 'nearest' })
  }

  /** Nothing more can be done with it. @param {Word} why */
  end(why) {
    this.isPast = true
    this.element.classList.add('past')
    this.tell(why)
  }

  /** @param {Word} word */
  tell(word) {
    this.element.append(say(this.#word, word))
  }

  /** It is in the page now. */
  measure() {
    unfoldable(this.#text)
  }

  unfold() {
    const toggle = this.element.querySelector('.unfold')
    if (toggle instanceof HTMLButtonElement) toggle.click()
  }
}

/** @param {'approve' | 'reject'} what @param {Icon} mark @param {string} key @param {() => void} press */
function act(what, mark, key, press) {
  // The second click of a double one would hit what has moved up.
  const element = button(`act ${what}`, ({ detail }) => detail < 2 && press())
  element.append(icon(mark), say(make('span'), what), make('kbd', '', key))
  return element
}
