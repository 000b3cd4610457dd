// The phone of somebody in the hall.

import { Broadcasts } from './phone/broadcasts.js'
import { compose } from './phone/compose.js'
import { Mine } from './phone/mine.js'
import { fitScreen } from './phone/screen.js'
import { note, Timeline } from './phone/timeline.js'
import { enter, inLink } from './shared/connection.js'
import { find, make, quote } from './shared/dom.js'
import { say, speak } from './shared/i18n.js'
import { drawIcons } from './shared/icons.js'
import { notices } from './shared/notice.js'
import { numberOf } from './shared/text.js'
import { broadcastOf, idOf, messageOf, verdictOf } from './shared/wire.js'

/** @import { Client } from '../client.js' @import { Status } from './shared/connection.js' @import { Message } from './shared/wire.js' */

const FACES = 6

drawIcons()
speak(find('.language', HTMLButtonElement))
fitScreen()
const code = inLink('room')
const title = find('#room', HTMLElement)
if (code) say(title, 'room', { code })
else say(title, 'roomUnnamed')

/** @type {ReturnType<typeof begin> | undefined} */
let room
const notice = notices({})
const client = enter({
  join: 'live.user.join',
  onStatus(status) {
    notice(status)
    showBanner(status)
  },
  onJoined: (again) => room?.joined(again),
})
if (client) room = begin(client)

/** @param {Client} client */
function begin(client) {
  const timeline = new Timeline((key) => broadcasts.forget(key))
  const mine = new Mine(client, timeline)
  const broadcasts = new Broadcasts(client, timeline, find('#earlier', HTMLButtonElement))
  const empty = find('#empty', HTMLElement)

  client.on('userSayBroadcast', ({ param }) => {
    const message = messageOf(param)
    if (mine.has(message.id)) return mine.settle(message.id, true)
    const key = `message ${message.id}`
    if (!timeline.has(key)) timeline.add(elementOf(message), key)
  })
  client.on('userSayChecked', ({ param }) => {
    const { id, approved } = verdictOf(param)
    mine.settle(id, approved)
  })
  client.on('wallSayBroadcast', ({ param }) => broadcasts.add(broadcastOf(param)))
  client.on('wallSayRecall', ({ param }) => broadcasts.recall(idOf(param)))
  compose((text) => mine.say(text))

  return {
    /** @param {boolean} again */
    joined(again) {
      say(find('h2', HTMLElement, empty), 'phoneEmpty')
      say(find('p', HTMLElement, empty), 'phoneEmptyWhy')
      mine.arrived()
      if (again) {
        mine.missed()
        timeline.add(note('gap'), '')
      }
      broadcasts.refresh()
    },
  }
}

/** @param {Status} status */
function showBanner(status) {
  const banner = find('#banner', HTMLElement)
  banner.hidden = status !== 'waiting' && status !== 'offline'
  if (!banner.hidden) say(banner, status === 'offline' ? 'offlineWhy' : 'waitingWhy')
}

/** @param {Message} message */
function elementOf({ id, nickname, say: text }) {
  const face = make('span', `face face-${numberOf(nickname, FACES)}`, [...nickname.trim()][0] ?? '☺')
  face.setAttribute('aria-hidden', 'true')
  const who = nickname === '' ? say(make('b'), 'anonymous') : quote('b', '', nickname)
  const item = make('li', 'message', face, make('div', '', make('p', 'from', who), quote('p', 'bubble text', text)))
  item.dataset.id = id
  return item
}
