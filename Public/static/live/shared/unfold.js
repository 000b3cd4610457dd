import { button } from './dom.js'
import { say } from './i18n.js'

/**
 * Gives a text that is cut a way to see all of it. To be called when it is in the page.
 * @param {HTMLElement} text an element of the class `text`
 */
export function unfoldable(text) {
  if (text.scrollHeight <= text.clientHeight + 1) return
  const toggle = button('unfold', () => {
    const whole = text.classList.toggle('whole')
    toggle.setAttribute('aria-expanded', String(whole))
    say(toggle, whole ? 'less' : 'more')
  })
  toggle.setAttribute('aria-expanded', 'false')
  text.after(say(toggle, 'more'))
}
