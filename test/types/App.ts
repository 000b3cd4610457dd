import { z } from 'zod'
import {
  type App,
  type AppOptions,
  type Auth,
  type Closed,
  controller,
  defineConfig,
  event,
  type OnClose,
  type OnMessage,
  refuse,
  slot,
  type To,
} from '../../Core/index'

// What API.md says of App and what stands around it, for the compiler to hold. Nothing of this is ever run.

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <Claim extends true>(claim?: Claim) => claim
type Returns<Name extends keyof App> = App[Name] extends (...given: never[]) => infer Result ? Result : never

// ---- what sends returns nothing, what writes or asks returns a promise

holds<Same<Returns<'sendMessage'>, void>>()
holds<Same<Returns<'sendSuccessMessage'>, void>>()
holds<Same<ReturnType<To['send']>, void>>()
for (const to of ['to', 'toUser', 'toPort', 'toAll'] as const) holds<Same<Returns<typeof to>, To>>()
holds<Same<ReturnType<To['except']>, To>>()
holds<Same<Returns<'fdJoin' | 'fdLeave' | 'fdAddCloseKey' | 'fdRemoveCloseKey'>, Promise<boolean>>>()
holds<Same<Returns<'fdAddController' | 'fdRemoveController' | 'isOnline'>, Promise<boolean>>>()
holds<Same<Returns<'groupMembers' | 'userFds'>, Promise<number[]>>>()
holds<Same<Returns<'groupCount' | 'connectionCount' | 'kick'>, Promise<number>>>()
holds<Same<Returns<'user'>, Promise<Auth | undefined>>>()
holds<Same<App['signal'], AbortSignal>>()

const Seat = slot('seat', z.object({ row: z.string().transform(Number) }))

export async function calls(app: App, unknown: unknown) {
  app.sendMessage(1, 200, 'event', 'info')
  app.sendMessage('LIVE_USER_ROOM_A', 200, 'event', 'info', unknown)
  app.to('room').except(1, 2).except(3).send('event', 'info')
  // @ts-expect-error: a target is an fd or a group
  app.sendMessage(unknown, 200, 'event', 'info')
  // @ts-expect-error: the status is a number
  app.sendMessage(1, '200', 'event', 'info')
  // @ts-expect-error: the info is not left out
  app.sendSuccessMessage(1, 'event')
  // @ts-expect-error: sendSuccessMessage takes no status
  app.sendSuccessMessage(1, 200, 'event', 'info')
  // @ts-expect-error: a target has no status
  app.to(1).send(200, 'event', 'info')
  // @ts-expect-error: except takes fds
  app.to('room').except('1')
  // @ts-expect-error: a list of fds is not an fd
  app.to('room').except([1])
  // @ts-expect-error: an fd is a number
  await app.fdJoin('1', 'room')
  // @ts-expect-error: a group is a text
  await app.fdJoin(1, unknown)
  // @ts-expect-error: nothing to wait for, and nothing to look at
  if (app.sendMessage(1, 200, 'event', 'info')) return

  // ---- the session: in by the input of its schema, out by the output
  const seat = app.session(1, Seat)
  seat.set({ row: '7' })
  // @ts-expect-error: the schema takes a text
  seat.set({ row: 7 })
  const row: number | undefined = seat.get()?.row
  // @ts-expect-error: there may be nothing
  const certain: number = seat.get().row
  // @ts-expect-error: a slot is declared, not named
  app.session(1, 'seat')

  // ---- refuse ends the call, and the compiler knows
  const code: string | undefined = row === certain ? 'A' : undefined
  const room: string = code ?? refuse(999, 'codeIsEmpty', 'code不能为空')
  // @ts-expect-error: the info is not left out
  if (room === '') refuse(999, 'codeIsEmpty')
  return room
}

// ---- what is declared beside actions

const joined = event('roomJoined', z.object({ id: z.string() }))
holds<Same<typeof joined.name, 'roomJoined'>>()
// @ts-expect-error: an event has a schema
event('roomJoined', {})

export class Hooks implements OnClose, OnMessage {
  onClose(app: App, data: Closed) {
    // @ts-expect-error: perhaps nobody was known
    const type: string = data.auth.type
    app.log.info({ type, code: data.closeCode, fd: data.fd })
  }

  onMessage(_app: App, data: { fd: number; code?: string }) {
    return data.code
  }
}

// @ts-expect-error: a controller that is told of closes has an onClose
export class Deaf implements OnClose {}

@controller()
export class Wants {
  constructor(readonly hooks: Hooks) {}
}
// @ts-expect-error: @controller stands before a class
controller()({})

// ---- the configuration

export const options: AppOptions = { filter: 'none', limits: { rate: 0 } }
// @ts-expect-error: no such filter
defineConfig({ filter: 'xml' })
// @ts-expect-error: no such option
defineConfig({ limit: {} })
// @ts-expect-error: keys are a list
defineConfig({ auth: { key: 'one' } })
