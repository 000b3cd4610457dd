// What the walls of the room have broadcast, page by page, and how to take it back.

import { button, find, make, quote } from '../shared/dom.js'
import { clock, say } from '../shared/i18n.js'
import { unfoldable } from '../shared/unfold.js'
import { pageOf } from '../shared/wire.js'

/** @import { Client } from '../../client.js' @import { Broadcast } from '../shared/wire.js' */

const PAGE = 10
/** Milliseconds within which a recall is to be confirmed. */
const SURE = 4000

export class History {
  #client
  #recall
  #list = find('#broadcasts', HTMLElement)
  #pager = find('#pager', HTMLElement)
  #newer = find('#newer', HTMLButtonElement)
  #older = find('#older', HTMLButtonElement)
  #label = find('#page', HTMLElement)
  /** The one that is asked for or stands there: who presses twice at once turns two pages. */
  #page = 1
  /** Of what is asked: an older answer is none. */
  #asked = 0

  /** @param {Client} client @param {(id: string) => Promise<void>} recall tells by itself whether it worked */
  constructor(client, recall) {
    this.#client = client
    this.#recall = recall
    this.#newer.addEventListener('click', () => this.refresh(Math.max(1, this.#page - 1)))
    this.#older.addEventListener('click', () => this.refresh(this.#page + 1))
  }

  /** @param {number} page @returns {Promise<import('../shared/wire.js').Page | undefined>} undefined when it could not be had */
  async refresh(page = this.#page) {
    const mine = ++this.#asked
    this.#page = page
    const answer = await this.#client
      .call('live.wall.history', { type: 'wall', page, count: PAGE })
      .then(({ param }) => pageOf(param))
      .catch(() => undefined)
    if (mine !== this.#asked) return answer
    if (!answer) return void this.#fail(page)
    const pages = Math.max(1, Math.ceil(answer.count / PAGE))
    if (page > pages) return this.refresh(pages) // what stood there was recalled
    this.#list.replaceChildren(...answer.list.map((broadcast) => this.#elementOf(broadcast)))
    this.measure()
    this.#pager.hidden = pages === 1
    this.#newer.disabled = page === 1
    this.#older.disabled = page === pages
    say(this.#label, 'pages', { page, pages })
    return answer
  }

  /** Finds out which texts are cut; it takes a list that is seen. */
  measure() {
    if (this.#list.offsetParent === null) return
    for (const text of this.#list.querySelectorAll('.text')) {
      if (text instanceof HTMLElement && !text.nextElementSibling?.matches('.unfold')) unfoldable(text)
    }
  }

  /** @param {number} page */
  #fail(page) {
    const again = button('act', () => this.refresh(page))
    this.#list.replaceChildren(make('li', '', say(make('p', 'word'), 'historyFailed'), say(again, 'retry')))
  }

  /** @param {Broadcast} broadcast */
  #elementOf({ id, nickname, say: text, time }) {
    const from = make('p', 'from', quote('b', '', nickname))
    if (time !== undefined) from.append(make('time', '', clock(new Date(time * 1000))))
    const item = make('li', '', from, quote('p', 'text', text))
    item.dataset.id = id
    const press = say(
      button('recall', async () => {
        if (!press.classList.contains('sure')) {
          press.classList.add('sure')
          say(press, 'recallSure')
          setTimeout(() => {
            press.classList.remove('sure')
            say(press, 'recall')
          }, SURE)
          return
        }
        press.disabled = true
        item.classList.add('past')
        await this.#recall(id)
        await this.refresh()
      }),
      'recall',
    )
    item.append(press)
    return item
  }
}
