// Where a person writes.

import { enterSends, find } from '../shared/dom.js'
import { say } from '../shared/i18n.js'

/** The server takes no more. */
const MOST = 500
/** From here on the count is shown. */
const SHOWN = 20

/** @param {(text: string) => void} send */
export function compose(send) {
  const form = find('#compose', HTMLFormElement)
  const field = find('#text', HTMLTextAreaElement)
  const count = find('#count', HTMLElement)
  const button = find('#send', HTMLButtonElement)

  function changed() {
    const { length } = field.value.trim()
    button.disabled = length === 0 || length > MOST
    count.hidden = length < SHOWN
    count.classList.toggle('over', length > MOST)
    if (length > MOST) say(count, 'tooLong', { count: length - MOST })
    else {
      delete count.dataset.t
      count.textContent = `${length} / ${MOST}`
    }
    field.classList.toggle('long', !count.hidden)
    field.style.height = 'auto'
    field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (button.disabled) return
    send(field.value.trim())
    field.value = ''
    changed()
  })
  field.addEventListener('input', changed)
  enterSends(form, field)
  // The button must not take the focus, or the keyboard would go and come with every message.
  button.addEventListener('pointerdown', (event) => event.preventDefault())
  changed()
}
