// The state of the connection, as a person sees it: a quiet line while all is well or will be, a whole page when it is not.

import { button, find, make } from './dom.js'
import { say } from './i18n.js'
import { icon } from './icons.js'

/** @import { Icon } from './icons.js' @import { Status } from './connection.js' @import { Word } from './i18n.js' */

/** @typedef {'refused' | 'noLink' | 'replaced' | 'kicked' | 'wrongPage' | 'noRoom'} End */

/** @type {Readonly<Record<End, { icon: Icon, title: Word, why: Word, action?: Word }>>} */
const ENDS = {
  refused: { icon: 'link', title: 'refused', why: 'refusedWhy', action: 'reload' },
  noLink: { icon: 'link', title: 'noLink', why: 'noLinkWhy' },
  replaced: { icon: 'phone', title: 'replaced', why: 'replacedWhy', action: 'useHere' },
  kicked: { icon: 'cross', title: 'kicked', why: 'kickedWhy' },
  wrongPage: { icon: 'screen', title: 'wrongPage', why: 'wrongPhone' },
  noRoom: { icon: 'link', title: 'noRoom', why: 'noRoomWhy' },
}

/** @param {Status} status @returns {status is End} */
const isEnd = (status) => Object.hasOwn(ENDS, status)

/** @param {Partial<Record<End, Word>>} own the reasons that are told otherwise here @returns {(status: Status) => void} */
export function notices(own) {
  /** @type {HTMLElement | undefined} */
  let notice
  return (status) => {
    for (const line of document.querySelectorAll('.status')) {
      if (!(line instanceof HTMLElement)) continue
      line.dataset.status = isEnd(status) ? 'ended' : status
      say(line, isEnd(status) ? 'ended' : status)
    }
    notice?.remove()
    notice = isEnd(status) ? pageOf(status, own) : undefined
    find('main', HTMLElement).inert = notice !== undefined
    if (notice !== undefined) document.body.append(notice)
  }
}

/** @param {End} end @param {Partial<Record<End, Word>>} own */
function pageOf(end, own) {
  const { icon: mark, title, why, action } = ENDS[end]
  const page = make('section', 'notice', make('div', 'mark', icon(mark)))
  page.setAttribute('role', 'alert')
  page.append(say(make('h1'), title), say(make('p'), own[end] ?? why))
  if (action !== undefined)
    page.append(
      say(
        button('solid', () => location.reload()),
        action,
      ),
    )
  return page
}
