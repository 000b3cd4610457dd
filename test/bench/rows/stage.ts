import { Generator } from '../load/generator'
import type { FleetOptions, LoadRequest } from '../load/load'
import type { Window } from '../load/meter'
import { LOAD_CORE } from '../options'
import type { Subject } from '../subjects/program'

/** Servers that run and a load generator on the other core, all of which end when the row does. */
export class Stage {
  readonly generator = new Generator(LOAD_CORE)
  readonly #subjects: Subject[] = []

  /** Runs a row; whatever comes of it, what it has started ends. */
  static async *run<Result>(row: (stage: Stage) => AsyncGenerator<Result>): AsyncGenerator<Result> {
    const stage = new Stage()
    try {
      yield* row(stage)
    } finally {
      stage.generator.stop()
      for (const subject of stage.#subjects) await subject.stop()
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
  open(subject: Subject, options: FleetOptions): Promise<readonly string[]> {
    return this.generator.open(subject.name, options)
  }

  /** Times are milliseconds. */
  load(
    { name, server, store }: Subject,
    request: Omit<LoadRequest, 'watched' | 'rate'> & { rate?: number },
  ): Promise<Window> {
    return this.generator.load(name, { rate: 0, ...request, watched: { server, store } })
  }

  async close(subjects: readonly Subject[]): Promise<void> {
    for (const { name } of subjects) await this.generator.close(name)
  }
}
