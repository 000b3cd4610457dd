import { phone, type UserFields, wall } from '../../support/client'
import { RawClient } from '../../support/raw'

/** Where the id stands in a broadcast; that is all a phone here reads of the thousands it gets. */
const BROADCAST = '{"status":200,"event":"userSayBroadcast","info":"用户消息审核通过","param":{"id":"'
const HEAD = Buffer.from(BROADCAST)
const ID_LENGTH = 32

/** Handshakes under way at a time. */
const AT_ONCE = 50

/** Approvals that a wall has under way at most: a connection may not have many. */
const APPROVALS = 16

/** Messages that await review at most: on a machine that is too slow for the pace the phones wait. A room takes 500. */
const PENDING = 300

/** What a phone has got: how many broadcasts, and the first that was not the one that the others got at its place. */
interface Phone {
  readonly client: RawClient
  heard: number
  wrong: string | undefined
}

/** A wall that approves its share of what is said, in the order in which it hears of it. */
interface Wall {
  readonly client: RawClient
  /** Ids, as they came for review. */
  readonly seen: string[]
  /** Ids of its share, as it approves them. */
  readonly share: string[]
  /** How many of them it has approved, and how many of those were answered. */
  approved: number
  answered: number
}

/** A room full of phones, with walls that approve everything, each its share. */
export class Crowd {
  readonly phones: Phone[] = []
  readonly walls: Wall[] = []
  /** Ids in the order in which the first phone to get each got it. */
  readonly order: string[] = []
  /** What anybody was told but should not have been. */
  readonly refusals: string[] = []
  /** Milliseconds from the approval until a phone has the message, how many took how long. */
  readonly #latency = new Uint32Array(30_000)
  readonly #approvedAt = new Map<string, number>()
  #said = 0

  static async open(url: string, phones: number, walls: number): Promise<Crowd> {
    const crowd = new Crowd()
    for (let at = 0; at < phones; at += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, phones - at) }, (_, index) =>
        crowd.#addPhone(url, at + index),
      )
      await Promise.all(batch)
    }
    for (let index = 0; index < walls; index++) await crowd.#addWall(url, index, walls)
    return crowd
  }

  /** How far it is: what walls were asked and have approved, what phones have heard at least and at most, and who was refused what. */
  get state() {
    const heard = this.phones.map((phone) => phone.heard)
    return {
      asked: Math.min(...this.walls.map(({ seen }) => seen.length)),
      approved: this.#approved,
      least: Math.min(...heard),
      most: Math.max(...heard),
      refusals: this.refusals,
    }
  }

  /** One message of one phone after the other, at a steady pace if the server keeps up with it. @param rate a second */
  async talk(rate: number, seconds: number): Promise<void> {
    const began = performance.now()
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const due = Math.min(Math.floor(((performance.now() - began) / 1000) * rate), rate * seconds)
        while (this.#said < Math.min(due, this.#approved + PENDING)) this.#say(this.#said++)
        if (this.#said < rate * seconds) return
        clearInterval(timer)
        resolve()
      }, 5)
    })
  }

  /** @param share 0.99: the time within which 99 of 100 deliveries were made, ms */
  percentile(share: number): number {
    let left = share * this.#latency.reduce((sum, count) => sum + count, 0)
    return this.#latency.findIndex((count) => {
      left -= count
      return left <= 0
    })
  }

  close(): void {
    for (const { client } of [...this.phones, ...this.walls]) client.socket.destroy()
  }

  get #approved(): number {
    return this.walls.reduce((sum, { answered }) => sum + answered, 0)
  }

  #say(number: number): void {
    const { client } = this.phones[number % this.phones.length] ?? {}
    client?.send(JSON.stringify({ method: 'live.user.say', say: `第 ${number} 条 🎉` }))
  }

  async #addPhone(url: string, index: number): Promise<void> {
    const client = await enter(url, phone(`p${index}`), 'live.user.join')
    const own: Phone = { client, heard: 0, wrong: undefined }
    this.phones.push(own)
    client.listen((frame) => {
      if (frame.length > HEAD.length && frame.compare(HEAD, 0, HEAD.length, 0, HEAD.length) === 0)
        this.#heard(own, frame)
      else if (!frame.includes('"status":200')) this.refusals.push(frame.toString())
    })
  }

  #heard(phone: Phone, frame: Buffer): void {
    const id = frame.toString('latin1', HEAD.length, HEAD.length + ID_LENGTH)
    const place = phone.heard++
    if (place === this.order.length) this.order.push(id)
    if (this.order[place] !== id) phone.wrong ??= `${id} at place ${place}, where others got ${this.order[place]}`
    const ms = Math.floor(performance.now() - (this.#approvedAt.get(id) ?? 0))
    const slot = Math.min(ms, this.#latency.length - 1)
    this.#latency[slot] = (this.#latency[slot] ?? 0) + 1
  }

  async #addWall(url: string, index: number, walls: number): Promise<void> {
    const client = await enter(url, wall(`w${index}`), 'live.wall.join')
    const own: Wall = { client, seen: [], share: [], approved: 0, answered: 0 }
    this.walls.push(own)
    client.listen((frame) => {
      const { status, event, param } = JSON.parse(frame.toString())
      if (status !== 200) this.refusals.push(frame.toString())
      if (event === 'wallCheckSuccess') own.answered++
      if (event === 'userSayNeedCheck') own.seen.push(String(param.id))
      if (event === 'userSayNeedCheck' && Number.parseInt(param.id.slice(0, 6), 16) % walls === index)
        own.share.push(String(param.id))
      this.#approve(own)
    })
  }

  #approve(wall: Wall): void {
    while (wall.approved < Math.min(wall.share.length, wall.answered + APPROVALS)) {
      const id = wall.share[wall.approved++] ?? ''
      this.#approvedAt.set(id, performance.now())
      wall.client.send(JSON.stringify({ method: 'live.wall.check', id, status: 1 }))
    }
  }
}

/** @throws Error when the room does not let it in */
async function enter(url: string, user: UserFields, method: string): Promise<RawClient> {
  const client = await RawClient.connect(url, user)
  await new Promise<void>((resolve, reject) => {
    client.listen((frame) => {
      const text = frame.toString()
      if (text.includes('JoinSuccess')) resolve()
      else if (!text.includes('receiveMessage')) reject(new Error(`${method} was answered ${text}`))
    })
    client.send(JSON.stringify({ method }))
  })
  return client
}
