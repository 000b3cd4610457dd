import { Generator } from '../load/generator'
import type { FleetOptions, LoadRequest } from '../load/load'
import type { Window } from '../load/meter'
import { LOAD_CORE } from '../options'
import type { Subject } from '../subjects/program'

/** Servers that run, and a load generator for each on the other core, all of which end when the row does. */
export class Stage {
  readonly #subjects: Subject[] = []
  /** By the name of the subject. */
  readonly #generators = new Map<string, Generator>()

  /** Runs a row; whatever comes of it, what it has started ends. */
  static async *run<Result>(row: (stage: Stage) => AsyncGenerator<Result>): AsyncGenerator<Result> {
    const stage = new Stage()
    try {
      yield* row(stage)
    } finally {
      await stage.clear()
    }
  }

  async start<S extends Subject>(...starting: readonly Promise<S>[]): Promise<S[]> {
    const settled = await Promise.allSettled(starting)
    const started = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    this.#subjects.push(...started)
    for (const each of settled) if (each.status === 'rejected') throw each.reason
    return started
  }

  /** Connections to a subject, under its name. @returns what they were welcomed with */
  open({ name }: Subject, options: FleetOptions): Promise<readonly string[]> {
    const generator = this.#generators.get(name) ?? new Generator(LOAD_CORE)
    this.#generators.set(name, generator)
    return generator.open(name, options)
  }

  /** Times are milliseconds. */
  load({ name, server, store }: Subject, request: Asked): Promise<Window> {
    return this.#generator(name).load(name, { rate: 0, ...request, watched: { server, store } })
  }

  async close(subjects: readonly Subject[]): Promise<void> {
    for (const { name } of subjects) await this.#generator(name).close(name)
  }

  /** Ends all that it has started. */
  async clear(): Promise<void> {
    for (const generator of this.#generators.values()) await generator.stop() // before a server says good-bye to it
    this.#generators.clear()
    for (const subject of this.#subjects.splice(0)) await subject.stop()
  }

  #generator(name: string): Generator {
    const generator = this.#generators.get(name)
    if (generator === undefined) throw new Error(`nobody has connected to ${name}`)
    return generator
  }
}

type Asked = Omit<LoadRequest, 'watched' | 'rate'> & { readonly rate?: number }
