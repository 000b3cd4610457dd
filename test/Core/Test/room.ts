import { type App, action, Cache, type Closed, controller, type Data } from 'mswoole-ts'
import { z } from 'zod'

const Any = action()
const Word = action({ data: z.object({ word: z.string() }) })
const Gated = action({ data: z.object({ gate: z.string() }) })

const GROUP = 'KIT_GROUP'
/** A set that is filled by hand. */
const SET = 'KIT_SET'

/** What actions wait for, by name. */
const gates = new Map<string, Promise<void>>()

/** Lets actions wait. @returns what lets them go on */
export function shutGate(name: string): () => void {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  gates.set(name, opened)
  return open
}

/** What the hooks of closed connections were told. */
export const told: Closed[] = []

/** What a controller is handed by its constructor. */
export class Words {
  loud(word: string): string {
    return word.toUpperCase()
  }
}

/** What users write, and the mistakes that they make. */
@controller()
export class Kit {
  constructor(private readonly words: Words) {}

  @Any
  who(app: App, data: Data<typeof Any>) {
    app.sendSuccessMessage(data.fd, 'you', 'this is you', { fd: data.fd, auth: data.auth })
  }

  @Any
  async join(app: App, data: Data<typeof Any>) {
    await app.fdJoin(data.fd, GROUP)
    await app.fdAddController(data.fd, 'Kit.Kit')
    app.sendSuccessMessage(data.fd, 'joined', 'in the group')
  }

  /** By hand, and without a close key: a mistake. */
  @Any
  async joinByHand(app: App, data: Data<typeof Any>) {
    await Cache.get('master').sadd(SET, data.fd)
    app.sendSuccessMessage(data.fd, 'joined', 'in the set')
  }

  @Word
  say(app: App, data: Data<typeof Word>) {
    app.to(GROUP).send('said', 'to the group', this.words.loud(data.word))
    app.sendSuccessMessage(data.fd, 'saySuccess', 'said')
  }

  @Word
  sayToSet(app: App, data: Data<typeof Word>) {
    app.to(SET).send('said', 'to the set', data.word)
    app.sendSuccessMessage(data.fd, 'saySuccess', 'said')
  }

  /** Answers, and goes on. */
  @Gated
  async sayLater(app: App, data: Data<typeof Gated>) {
    app.sendSuccessMessage(data.fd, 'saySuccess', 'later')
    await gates.get(data.gate)
    app.to(GROUP).send('said', 'to the group', 'late')
  }

  @Gated
  async waits(app: App, data: Data<typeof Gated>) {
    await gates.get(data.gate)
    app.sendSuccessMessage(data.fd, 'waited', 'the gate is open')
  }

  @Any
  saysNothing() {}

  @Any
  never() {
    return new Promise(() => {})
  }

  @Any
  throws() {
    throw new TypeError('thrown on purpose')
  }

  @Any
  async kickMe(app: App, data: Data<typeof Any>) {
    await app.kick(data.fd)
  }

  onClose(app: App, data: Closed) {
    told.push(data)
    app.to(GROUP).send('gone', 'somebody has left', data.closeCode)
  }
}
