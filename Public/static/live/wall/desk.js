// The panel beside the stage: open or closed, and which of its two lists it shows.

import { find } from '../shared/dom.js'
import { recall, remember } from '../shared/memory.js'

/** Milliseconds without the mouse, after which the stage shows nothing but itself. */
const IDLE = 3000

/** @param {() => void} shown is told when a list has come to be seen */
export function desk(shown) {
  const { body } = document
  const panel = find('#panel', HTMLElement)
  const tabs = [find('#tab-review', HTMLButtonElement), find('#tab-history', HTMLButtonElement)]
  const lists = [find('#review', HTMLElement), find('#history', HTMLElement)]
  const toPanel = find('#to-panel', HTMLButtonElement)
  let at = 0

  /** @param {boolean} isOpen @param {() => void} [then] */
  function open(isOpen, then) {
    body.classList.toggle('panel', isOpen)
    panel.inert = !isOpen
    toPanel.ariaExpanded = String(isOpen)
    remember('panel', isOpen ? 'open' : 'closed')
    then?.()
  }

  /** @param {number} to */
  function turn(to) {
    at = to
    for (const [index, tab] of tabs.entries()) tab.ariaSelected = String(index === to)
    for (const [index, list] of lists.entries()) list.hidden = index !== to
    find('#clear', HTMLElement).hidden = to !== 0
    shown()
  }

  const isOpen = () => body.classList.contains('panel')
  const fullScreen = () =>
    document.fullscreenElement
      ? document.exitFullscreen()
      : document.documentElement.requestFullscreen().catch(() => {})
  const help = () => find('#keys-dialog', HTMLDialogElement).showModal()

  for (const [index, tab] of tabs.entries()) tab.addEventListener('click', () => turn(index))
  toPanel.addEventListener('click', () => open(!isOpen()))
  find('#to-full', HTMLButtonElement).addEventListener('click', fullScreen)
  find('#to-help', HTMLButtonElement).addEventListener('click', help)
  // Nobody wants to see the stage become smaller as the page comes in.
  open((new URLSearchParams(location.search).get('panel') ?? recall('panel')) !== 'closed')
  hideWhenIdle(body)

  return {
    open,
    toggle: () => open(!isOpen()),
    isReview: () => isOpen() && at === 0,
    turn: () => isOpen() && turn(1 - at),
    fullScreen,
    help,
  }
}

/** @param {HTMLElement} body */
function hideWhenIdle(body) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const wake = () => {
    body.classList.remove('idle')
    clearTimeout(timer)
    timer = setTimeout(() => body.classList.add('idle'), IDLE)
  }
  for (const event of ['pointermove', 'pointerdown', 'keydown']) addEventListener(event, wake)
  wake()
}
