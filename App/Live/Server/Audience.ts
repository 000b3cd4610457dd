import { App, Cache, controller, log } from 'mswoole-ts'
import { live } from '../Config'
import { Name, type Room } from './Name'

/** Tells the walls of a room how many are in it, some time after somebody came or went. */
@controller()
export class Audience {
  readonly #due = new Map<NodeJS.Timeout, Room>()

  constructor(
    private readonly app: App,
    private readonly name: Name,
  ) {}

  /**
   * The first change announces a count and counts when the time is over: whatever else changes until then, in whatever worker or
   * machine, is in it. So a room is counted at most once in that time, and no change is missed.
   */
  async changed(code: string | undefined): Promise<void> {
    const room = this.name.room(code)
    const { interval } = live.count
    if ((await Cache.get('master').set(room.counting, 1, 'PX', interval, 'NX')) === null) return
    const timer = setTimeout(() => {
      this.#due.delete(timer)
      this.#count(room)
    }, interval)
    this.#due.set(timer, room)
  }

  /** This worker ends: what it has announced it counts now, and leaves the next change to others. */
  async finish(): Promise<void> {
    const due = [...this.#due]
    this.#due.clear()
    for (const [timer, room] of due) {
      clearTimeout(timer)
      await this.#count(room)
    }
  }

  async #count({ counting, users, walls }: Room): Promise<void> {
    try {
      // Before it counts, and not when the key runs out: who comes between the two would be in no count.
      await Cache.get('master').del(counting)
      const [user, wall] = await Promise.all([this.app.groupCount(users), this.app.groupCount(walls)])
      this.app.to(walls).send('roomCount', '房间人数', { user, wall })
    } catch (error) {
      // Nobody waits for it, and the next change brings the next count.
      log.warn({ err: error, room: users }, 'a room could not be counted')
    }
  }
}
