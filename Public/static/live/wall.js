// The big screen of a hall, and the desk of the person who reviews.

import { enter, inLink } from './shared/connection.js'
import { find } from './shared/dom.js'
import { say, speak } from './shared/i18n.js'
import { drawIcons } from './shared/icons.js'
import { notices } from './shared/notice.js'
import { broadcastOf, countOf, idOf, messageOf, verdictOf } from './shared/wire.js'
import { broadcastBox } from './wall/broadcast.js'
import { Danmaku } from './wall/danmaku.js'
import { desk } from './wall/desk.js'
import { History } from './wall/history.js'
import { listen } from './wall/keys.js'
import { Review } from './wall/review.js'
import { Spot } from './wall/spot.js'
import { toast } from './wall/toast.js'

/** @import { Client } from '../client.js' */

drawIcons()
speak(find('.language', HTMLButtonElement))
/** @param {string} code */
const nameRoom = (code) => say(find('#room', HTMLElement), 'room', { code })
const named = inLink('room')
if (named) nameRoom(named)

/** @type {ReturnType<typeof begin> | undefined} */
let room
const client = enter({
  join: 'live.wall.join',
  onStatus: notices({ wrongPage: 'wrongWall', refused: 'refusedWall', noLink: 'noLinkWall' }),
  onJoined: () => room?.joined(),
})
if (client) room = begin(client)

/** @param {Client} client */
function begin(client) {
  const danmaku = new Danmaku()
  const spot = new Spot()
  const review = new Review(client, (message) => danmaku.add(message))
  const history = new History(client, recall)
  const tabs = desk(() => history.measure())

  /** @param {string} id */
  async function recall(id) {
    try {
      await client.call('live.wall.recall', { id })
      spot.recall(id)
      toast('recalledDone')
      return true
    } catch {
      toast('recallFailed', true)
      return false
    }
  }

  const focusBox = broadcastBox(async (text) => {
    const { param } = await client.call('live.wall.say', { say: text })
    spot.show(broadcastOf(param))
    history.refresh(1)
  })

  client.on('userSayNeedCheck', ({ param }) => review.add(messageOf(param)))
  client.on('userSayChecked', ({ param }) => {
    const { id, approved } = verdictOf(param)
    review.settle(id, approved)
  })
  client.on('userSayCleaned', () => {
    toast('clearedElsewhere')
    return review.refresh()
  })
  client.on('wallSayBroadcast', ({ param }) => {
    spot.show(broadcastOf(param))
    history.refresh()
  })
  client.on('wallSayRecall', ({ param }) => {
    spot.recall(idOf(param))
    history.refresh()
  })
  client.on('roomCount', ({ param }) => {
    const { user, wall } = countOf(param)
    const audience = find('#audience', HTMLElement)
    audience.hidden = false
    say(audience, 'audience', { count: user })
    find('#counts', HTMLElement).hidden = false
    find('#phones', HTMLElement).textContent = String(user)
    find('#walls', HTMLElement).textContent = String(wall)
  })

  const dialog = find('#clear-dialog', HTMLDialogElement)
  const askClear = () => {
    if (review.size === 0) return
    say(find('#clear-title', HTMLElement), 'clearAsk', { count: review.size })
    dialog.returnValue = ''
    dialog.showModal()
  }
  find('#clear', HTMLButtonElement).addEventListener('click', askClear)
  dialog.addEventListener('close', async () => {
    if (dialog.returnValue !== 'clear') return
    try {
      await review.clear()
      toast('cleared')
    } catch {
      toast('checkFailed', true)
    }
  })

  /** What is not seen is not judged. @param {() => void} work */
  const inReview = (work) => () => tabs.isReview() && work()
  listen([
    { keys: ['arrowdown', 'j'], shown: ['↑', '↓', 'K', 'J'], word: 'keyMove', does: inReview(() => review.move(1)) },
    { keys: ['arrowup', 'k'], shown: [], word: 'keyMove', does: inReview(() => review.move(-1)) },
    { keys: ['a', 'enter'], shown: ['A', 'Enter'], word: 'keyApprove', does: inReview(() => review.decide(true)) },
    { keys: ['r'], shown: ['R'], word: 'keyReject', does: inReview(() => review.decide(false)) },
    { keys: ['e'], shown: ['E'], word: 'keyMore', does: inReview(() => review.unfold()) },
    { keys: ['shift+c'], shown: ['⇧', 'C'], word: 'keyClear', does: inReview(askClear) },
    { keys: ['b'], shown: ['B'], word: 'keyBroadcast', does: () => tabs.open(true, focusBox) },
    { keys: ['h'], shown: ['H'], word: 'keyTabs', does: () => tabs.turn() },
    { keys: ['p'], shown: ['P'], word: 'keyPanel', does: () => tabs.toggle() },
    { keys: ['f'], shown: ['F'], word: 'keyFull', does: () => tabs.fullScreen() },
    { keys: ['?', '？'], shown: ['?'], word: 'keyHelp', does: () => tabs.help() },
  ])

  return {
    async joined() {
      const [, page] = await Promise.all([review.refresh(), history.refresh()])
      const [latest] = page?.list ?? []
      if (latest) spot.show(latest)
      if (!named && page?.code) nameRoom(page.code)
    },
  }
}
