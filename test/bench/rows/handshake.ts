import { bars, competeByTurns, toFloor } from '../contest'
import type { Options } from '../options'
import type { Row } from '../row'
import { startFramework, users } from '../subjects/framework'
import { type Subject, startFloor } from '../subjects/program'
import { Stage } from './stage'

const MOST = 2

/** Times that all come in a round. */
const TURNS = 4

/** Clients that come at once and go at once, with 3DES auth strings; the framework puts each on record in Redis. */
export const handshake = (options: Options): AsyncGenerator<Row> =>
  Stage.run(async function* (stage) {
    const clients = options.quick ? 500 : 1000
    const subjects = await stage.start<Subject>(
      startFloor('upgrade'),
      startFramework({ mode: 'base', redis: true }),
      startFramework({ mode: 'process', redis: true }),
    )
    const contest = async (window: 'coming' | 'going') => {
      const all = { warmUp: 0, duration: 0 }
      for (const subject of subjects) {
        await stage.open(subject, { does: 'knock', clients: users(subject, clients), window })
        for (let times = 0; times < 2 * TURNS; times++) await stage.load(subject, all) // so that its code is compiled
      }
      return competeByTurns(
        options.rounds,
        options.quick ? 1 : TURNS,
        subjects.map((subject) => ({ name: subject.name, round: () => stage.load(subject, all) })),
      )
    }
    const coming = await contest('coming')
    yield {
      name: 'handshake',
      title: `Handshake with 3DES auth and registration, ${clients} at once`,
      ...bars(coming),
      claims: ['base', 'process'].map((name) =>
        toFloor(coming, name, { most: MOST }, `${name} to a bare upgrade with one 3DES decode`),
      ),
      remarks: [],
      rounds: coming,
    }
    await stage.close(subjects)
    const going = await contest('going')
    yield {
      name: 'handshake',
      title: `Clients that vanish, ${clients} at once, until they are off the record`,
      ...bars(going),
      claims: ['base', 'process'].map((name) => toFloor(going, name, undefined, `${name} to a bare close`)),
      remarks: [],
      rounds: going,
    }
  })
