// A word about what was done, for a moment.

import { find, make } from '../shared/dom.js'
import { say } from '../shared/i18n.js'

const STAY = 4000
const MOST = 3

/** @param {import('../shared/i18n.js').Word} word @param {boolean} [isBad] */
export function toast(word, isBad = false) {
  const toasts = find('#toasts', HTMLElement)
  const element = say(make('p', isBad ? 'bad' : ''), word)
  toasts.append(element)
  while (toasts.children.length > MOST) toasts.firstElementChild?.remove()
  setTimeout(() => element.remove(), STAY)
}
