/** A frame that the server sent: a reply to a call, or an event. */
export interface Frame {
  readonly status: number
  readonly event: string
  readonly info: string
  readonly param?: unknown
  /** Only where the test itself sent one: `call` keeps its own to itself. */
  readonly callId?: string | number
}

export type Filter = (frame: Frame) => boolean

interface Waiting {
  readonly filter: Filter
  readonly take: (frame: Frame | undefined) => void
}

/** How much of what came a failure shows: frames, and characters of one. */
const MOST_SHOWN = 20
const LONGEST_SHOWN = 300

/** What came to one client, and who waits for it: a frame is given to one who waits, or kept until somebody asks. */
export class Frames {
  /** Every frame that ever came. */
  readonly all: Frame[] = []
  #kept: Frame[] = []
  #waiting: Waiting[] = []
  #over = false

  /** @param taken somebody has it already: nobody else will get it */
  add(frame: Frame, taken: boolean): void {
    this.all.push(frame)
    if (taken) return
    const waiting = this.#waiting.find(({ filter }) => filter(frame))
    if (waiting) waiting.take(frame)
    else this.#kept.push(frame)
  }

  /** The frames that nobody has taken yet. */
  kept(filter: Filter): Frame[] {
    return this.#kept.filter(filter)
  }

  /** Takes the next frame that the filter wants, kept ones first. @returns undefined when none came in time (ms), or none can come */
  next(filter: Filter, within: number): Promise<Frame | undefined> {
    const kept = this.#kept.find(filter)
    if (kept || this.#over) {
      this.#kept = this.#kept.filter((frame) => frame !== kept)
      return Promise.resolve(kept)
    }
    return new Promise((resolve) => {
      const waiting: Waiting = {
        filter,
        take: (frame) => {
          clearTimeout(timer)
          this.#waiting = this.#waiting.filter((other) => other !== waiting)
          resolve(frame)
        },
      }
      const timer = setTimeout(() => waiting.take(undefined), within)
      this.#waiting.push(waiting)
    })
  }

  /** Nothing will come any more. */
  end(): void {
    this.#over = true
    for (const waiting of this.#waiting) waiting.take(undefined)
  }

  /** What came, for failures. */
  toString(): string {
    const { length } = this.all
    if (length === 0) return 'No frame came at all.'
    const shown = this.all.slice(-MOST_SHOWN).map((frame) => `  ${show(frame)}`)
    const head = length > shown.length ? `Of ${length} frames that came these were the last` : 'These frames came'
    return [`${head}:`, ...shown].join('\n')
  }
}

function show({ status, event, info, param, callId }: Frame): string {
  const more = { ...(param === undefined ? {} : { param }), ...(callId === undefined ? {} : { callId }) }
  const fields = Object.entries(more).map(([name, value]) => ` ${name} ${JSON.stringify(value)}`)
  const text = `${status} ${event} ${info}${fields.join('')}`
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text
}
