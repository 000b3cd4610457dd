// The keyboard of the desk.

import { find, make } from '../shared/dom.js'
import { say } from '../shared/i18n.js'

/** @import { Word } from '../shared/i18n.js' */

/**
 * @typedef {{ keys: readonly string[], shown: readonly string[], word: Word, does: (event: KeyboardEvent) => void }} Shortcut
 *   `keys` as KeyboardEvent.key tells them, in lower case; with `shift+` before them where that is held;
 *   `shown` in the list of keys, none for one that another line tells of
 */

/** @param {readonly Shortcut[]} shortcuts */
export function listen(shortcuts) {
  const byKey = new Map(shortcuts.flatMap((shortcut) => shortcut.keys.map((key) => [key, shortcut])))
  addEventListener('keydown', (event) => {
    const { target, ctrlKey, metaKey, altKey, isComposing } = event
    if (ctrlKey || metaKey || altKey || isComposing || document.querySelector('dialog[open]')) return
    if (target instanceof HTMLTextAreaElement) {
      if (event.key === 'Escape') target.blur()
      return
    }
    // A button that has the focus is pressed by these itself.
    if (target instanceof HTMLButtonElement && (event.key === 'Enter' || event.key === ' ')) return
    const key = event.key.toLowerCase()
    const shortcut = byKey.get(event.shiftKey && key !== '?' ? `shift+${key}` : key)
    if (!shortcut) return
    event.preventDefault()
    if (!event.repeat || shortcut.word === 'keyMove') shortcut.does(event)
  })
  const list = find('#keys', HTMLElement)
  for (const { shown, word } of shortcuts) {
    if (shown.length === 0) continue
    list.append(make('dt', '', ...shown.map((key) => make('kbd', '', key))), say(make('dd'), word))
  }
}
