// The box in which the wall speaks to everybody.

import { eventOf } from '../shared/connection.js'
import { enterSends, find } from '../shared/dom.js'
import { toast } from './toast.js'

/** The server takes no more. */
const MOST = 5000

/** @param {(text: string) => Promise<void>} send rejects when it was not sent: then the text stays in the box */
export function broadcastBox(send) {
  const form = find('#say', HTMLFormElement)
  const field = find('#text', HTMLTextAreaElement)
  const count = find('#count', HTMLElement)
  const button = find('#send', HTMLButtonElement)
  let isBusy = false

  function changed() {
    const { length } = field.value.trim()
    count.textContent = `${length} / ${MOST}`
    count.classList.toggle('over', length > MOST)
    button.disabled = isBusy || length === 0 || length > MOST
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (button.disabled) return
    isBusy = true
    changed()
    try {
      const text = field.value
      await send(text.trim())
      if (field.value === text) field.value = ''
      toast('broadcastDone')
    } catch (error) {
      toast(eventOf(error) === 'insertDbError' ? 'broadcastUnsaved' : 'broadcastFailed', true)
    } finally {
      isBusy = false
      changed()
    }
  })
  field.addEventListener('input', changed)
  enterSends(form, field)
  changed()
  return () => field.focus()
}
