import { Crew, type CrewOptions, type Window } from './crew'
import { Crowd, type CrowdOptions, type FanWindow } from './fanout/crowd'

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
  | { readonly order: 'gather'; readonly crowd: string; readonly options: CrowdOptions }
  | {
      readonly order: 'fanOut'
      readonly crowd: string
      readonly server: number[]
      readonly store: number[]
      readonly warmUp: number
      readonly duration: number
    }
  | { readonly order: 'disperse'; readonly crowd: string }

export type LoadAnswer =
  | { readonly window?: Window; readonly fanWindow?: FanWindow; readonly welcomes?: string[] }
  | { readonly error: string }

const crews = new Map<string, Crew>()
const crowds = new Map<string, Crowd>()

async function obey(message: LoadOrder): Promise<LoadAnswer> {
  switch (message.order) {
    case 'open': {
      const crew = new Crew(message.options)
      crews.set(message.crew, crew)
      await crew.open()
      return {}
    }
    case 'load': {
      const crew = the(crews, message.crew)
      return { window: await crew.load(message.pids, message.warmUp, message.duration, message.rate) }
    }
    case 'close':
      the(crews, message.crew).close()
      crews.delete(message.crew)
      return {}
    case 'gather': {
      const crowd = new Crowd(message.options)
      crowds.set(message.crowd, crowd)
      return { welcomes: await crowd.open() }
    }
    case 'fanOut': {
      const crowd = the(crowds, message.crowd)
      return { fanWindow: await crowd.load(message.server, message.store, message.warmUp, message.duration) }
    }
    case 'disperse':
      the(crowds, message.crowd).close()
      crowds.delete(message.crowd)
      return {}
  }
}

function the<T>(all: ReadonlyMap<string, T>, name: string): T {
  const one = all.get(name)
  if (one === undefined) throw new Error(`there is no ${name}`)
  return one
}

process.on('message', (message: LoadOrder) => {
  obey(message).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
