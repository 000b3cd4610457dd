import { z } from 'zod'
import { type Anybody, type App, action, type Data, type Fields, type Known } from '../../Core/index'

// What API.md says of declarations, for the compiler to hold: it fails where a line that must not compile does, and where one that
// must does not. Nothing of this is ever run.

/** Exactly the same type, `readonly` and `?` included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <Claim extends true>(claim?: Claim) => claim

const Open = action()
const Say = action({ data: z.object({ say: z.string() }) })
const Wall = action({ for: 'wall' })
const Both = action({ for: ['wall', 'wechatUser'] })
const Page = action({
  for: 'wall',
  data: z.object({ page: z.string().transform(Number), size: z.number().default(10) }),
})
const Shape = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('circle'), radius: z.number() }),
  z.object({ kind: z.literal('square'), side: z.number() }),
])
const Draw = action({ data: Shape })
const Thief = action({ data: z.object({ fd: z.string(), code: z.number(), auth: z.boolean(), say: z.string() }) })

// ---- the type of the data follows the declaration

holds<Same<Data<typeof Open>, Fields & Anybody>>()
holds<Same<Data<typeof Wall>, Fields & Known<'wall'>>>()
holds<Same<Data<typeof Say>['say'], string>>()
holds<Same<Data<typeof Wall>['auth']['type'], 'wall'>>()
holds<Same<Data<typeof Both>['auth']['type'], 'wall' | 'wechatUser'>>()
holds<Same<Data<typeof Wall>['code'], string>>()
// @ts-expect-error: where anybody may call, there may be nobody known
holds<Same<Data<typeof Open>['auth'], Data<typeof Wall>['auth']>>()
// @ts-expect-error: and no code
holds<Same<Data<typeof Say>['code'], string>>()

// the output of the schema, not what the client sent
holds<Same<Data<typeof Page>['page'], number>>()
holds<Same<Data<typeof Page>['size'], number>>()

// what is the kernel's stays the kernel's
holds<Same<Data<typeof Thief>['fd'], number>>()
holds<Same<Data<typeof Thief>['say'], string>>()
holds<Same<Data<typeof Thief>['code'], string | undefined>>()
holds<Same<Data<typeof Thief>['auth'], Data<typeof Say>['auth']>>()

export class Good {
  @Open open(app: App, data: Data<typeof Open>) {
    const { fd, anything } = data
    app.sendSuccessMessage(fd, 'e', 'i', anything)
    // @ts-expect-error: no schema has looked at it
    const text: string = data.anything
    // @ts-expect-error: perhaps nobody is known
    const type = data.auth.type
    return [text, type, data.auth?.type, data.code?.length]
  }

  @Wall wall(_app: App, data: Data<typeof Wall>) {
    const type: 'wall' = data.auth.type
    const length: number = data.code.length
    // @ts-expect-error: of a field that the issuer made up nothing is known
    const level: number = data.auth.level
    // @ts-expect-error: a client's auth does not change
    data.auth.id = '2'
    // @ts-expect-error: nor does the fd
    data.fd = 1
    return [type, length, level]
  }

  @Both both(_app: App, data: Data<typeof Both>) {
    // @ts-expect-error: it may be a phone
    const type: 'wall' = data.auth.type
    return [type, data.auth.type === 'wechatUser']
  }

  // unions keep their shape
  @Draw draw(_app: App, data: Data<typeof Draw>): number {
    // @ts-expect-error: not known before the kind is
    const { radius } = data
    return data.kind === 'circle' ? data.radius : data.side + Number(radius)
  }

  @Page page(_app: App, data: Data<typeof Page>) {
    // @ts-expect-error: the schema does not speak of it
    const { stranger } = data
    return [stranger, data.page.toFixed(), data.auth.type]
  }

  // less than what is given may be asked for
  @Open small(_app: App, data: { fd: number }) {
    return data.fd
  }
  @Page smaller(_app: App, { page }: { page: number }) {
    return page
  }
  @Wall async promise(app: App) {
    await app.fdJoin(1, 'a')
  }
  @Open nothing() {}
}

// ---- a parameter that contradicts the declaration does not compile

export class Bad {
  // @ts-expect-error: the schema gives a string
  @Say say(_app: App, data: { say: number }) {
    return data
  }
  // @ts-expect-error: the schema gives no such field
  @Say more(_app: App, data: { say: string; more: string }) {
    return data
  }
  // @ts-expect-error: it is for walls
  @Wall phone(_app: App, data: { auth: { type: 'wechatUser' } }) {
    return data
  }
  // @ts-expect-error: it may be a phone
  @Both wall(_app: App, data: { auth: { type: 'wall' } }) {
    return data
  }
  // @ts-expect-error: nobody may be known
  @Open known(_app: App, data: Data<typeof Wall>) {
    return data
  }
  // @ts-expect-error: without a schema every field is unknown
  @Open typed(_app: App, data: { say: string }) {
    return data
  }
  // @ts-expect-error: the transform gives a number
  @Page input(_app: App, data: { page: string }) {
    return data
  }
  // @ts-expect-error: it may be a square
  @Draw circle(_app: App, data: { kind: 'circle'; radius: number }) {
    return data
  }
  // @ts-expect-error: the fd is a number, whatever the schema says
  @Thief thief(_app: App, data: { fd: string }) {
    return data
  }
  // @ts-expect-error: the data comes second
  @Say order(data: Data<typeof Say>) {
    return data
  }
  // @ts-expect-error: nobody gives a third
  @Say three(_app: App, _data: Data<typeof Say>, third: string) {
    return third
  }
  // @ts-expect-error: a declaration stands before methods
  @Say property = 1
}

// ---- options that are none

// @ts-expect-error: no such option
action({ fro: 'wall' })
// @ts-expect-error: for is a text or a list of them
action({ for: 1 })
// @ts-expect-error: data is a schema
action({ data: { say: 'string' } })
// @ts-expect-error: refuse is status, event, info
action({ for: 'wall', refuse: [403, 'mustBeWall'] })
// @ts-expect-error: the status is a number
action({ for: 'wall', refuse: ['403', 'mustBeWall', ''] })
