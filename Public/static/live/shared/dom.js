// Elements. Nothing here, or in the pages, makes elements of text: the content security policy forbids it as well.

/**
 * An element that the page has.
 * @template {Element} E
 * @param {string} selector @param {new () => E} kind @param {ParentNode} from
 * @returns {E}
 */
export function find(selector, kind, from = document) {
  const element = from.querySelector(selector)
  if (element instanceof kind) return element
  throw new Error(`the page has no ${kind.name} ${selector}`)
}

/** A new element. @param {string} tag @param {string} name its class @param {...(Node | string)} children */
export function make(tag, name = '', ...children) {
  const element = document.createElement(tag)
  if (name !== '') element.className = name
  element.append(...children)
  return element
}

/** A text by somebody: in its own direction, whatever the page's. @param {string} tag @param {string} name @param {string} text */
export function quote(tag, name, text) {
  const element = make(tag, name)
  element.dir = 'auto'
  element.textContent = text
  return element
}

/** Enter sends what was written; with shift it is a new line, and in an input method it is the method's. @param {HTMLFormElement} form @param {HTMLTextAreaElement} field */
export function enterSends(form, field) {
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    form.requestSubmit()
  })
}

/** A button that is no submit. @param {string} name @param {(event: MouseEvent) => void} press */
export function button(name, press) {
  const element = document.createElement('button')
  element.type = 'button'
  element.className = name
  element.addEventListener('click', press)
  return element
}
