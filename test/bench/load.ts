import { Crew, type CrewOptions, type Window } from './crew'

/** What the load generator is told, and answers: one answer an order. */
export type LoadOrder =
  | { readonly order: 'open'; readonly crew: string; readonly options: CrewOptions }
  | {
      readonly order: 'load'
      readonly crew: string
      readonly pids: number[]
      readonly warmUp: number
      readonly duration: number
      readonly rate: number
    }
  | { readonly order: 'close'; readonly crew: string }

export type LoadAnswer = { readonly window?: Window } | { readonly error: string }

const crews = new Map<string, Crew>()

async function obey(message: LoadOrder): Promise<LoadAnswer> {
  if (message.order === 'open') {
    const crew = new Crew(message.options)
    crews.set(message.crew, crew)
    await crew.open()
    return {}
  }
  const crew = crews.get(message.crew)
  if (crew === undefined) throw new Error(`there is no crew ${message.crew}`)
  if (message.order === 'load')
    return { window: await crew.load(message.pids, message.warmUp, message.duration, message.rate) }
  crew.close()
  crews.delete(message.crew)
  return {}
}

process.on('message', (message: LoadOrder) => {
  obey(message).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
