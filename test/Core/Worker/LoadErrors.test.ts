import { container } from 'tsyringe'
import { describe, expect, it } from 'vitest'
import { action } from '../../../Core/App/Action'
import { Controllers, LoadError } from '../../../Core/Worker/Controllers'
import type { Source } from '../../../Core/Worker/Sources'

/** A declaration that the compiler would not let through. */
const wrong = (options: object) => Reflect.apply(action, undefined, [options])

const source = (exported: unknown, name = 'Room', module = 'Live'): Source => ({
  file: `App/${module}/Controller/${name}.ts`,
  module,
  name,
  exported,
})

const load = (...sources: Source[]) => new Controllers(sources, container.createChildContainer())

function fault(...sources: Source[]): string {
  try {
    load(...sources)
  } catch (error) {
    if (error instanceof LoadError) return error.message
    throw error
  }
  throw new Error('it loaded')
}

class Room {
  @action()
  join() {}
}

describe('a load error names file, class, action and cure', () => {
  it('for two controllers whose names differ by case only', () => {
    const text = fault(source(Room), source(Room, 'ROOM'))
    expect(text).toBe(
      'App/Live/Controller/ROOM.ts: the controller Live.ROOM is there twice; names must differ by more than case, so rename one of them',
    )
    expect(fault(source(Room), source(Room, 'Room', 'LIVE'))).toContain('App/LIVE/Controller/Room.ts')
  })

  it('for two actions whose names differ by case only', () => {
    class Twice {
      @action() join() {}
      @action() JOIN() {}
    }
    expect(fault(source(Twice))).toBe(
      'App/Live/Controller/Room.ts: Room declares JOIN twice; names must differ by more than case, so rename one',
    )
  })

  it('for an action that is static', () => {
    class Fixed {
      @action() static join() {}
      @action() leave() {}
    }
    expect(fault(source(Fixed))).toBe(
      'App/Live/Controller/Room.ts: Room.join is static; an action is a method of the controller that was made, so take static off it',
    )
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an object', { join: () => {} }],
    ['an instance', new Room()],
    ['an arrow function', () => {}],
  ])('for a file that exports no class but %s', (_what, exported) => {
    expect(fault(source(exported))).toBe(
      'App/Live/Controller/Room.ts: exports no class Room; a controller is a class named as its file',
    )
  })

  it('for a constructor that wants something, without @controller()', () => {
    class Wants {
      constructor(readonly room: Room) {}
      @action() join() {}
    }
    const text = fault(source(Wants))
    expect(text).toMatch(/^App\/Live\/Controller\/Room\.ts: Room cannot be made: /)
    expect(text).toContain('Put @controller() before the class')
  })

  it('for a constructor that throws, with what it threw', () => {
    class Throws {
      readonly room = this.find()
      find(): string {
        throw new Error('no room today')
      }
      @action() join() {}
    }
    expect(fault(source(Throws))).toBe(
      'App/Live/Controller/Room.ts: Room cannot be made, its constructor failed: Error: no room today. Correct it and build again',
    )
  })

  const optionFaults: readonly (readonly [object, string])[] = [
    [{ fro: 'wall' }, 'fro is no option of an action; these are: for, refuse, data'],
    [{ data: {} }, 'data is no schema'],
    [{ data: null }, 'data is no schema'],
    [{ data: class {} }, 'data is no schema'],
    [{ data: { '~standard': {} } }, 'data is no schema'],
    [
      { refuse: [403, 'mustBeWall', ''] },
      'refuse without for refuses nobody; name the auth types that may call in for',
    ],
    [{ for: 'wall', refuse: ['403', 'mustBeWall', ''] }, 'refuse is [status, event, info], for example'],
    [{ for: 'wall', refuse: [403, 'mustBeWall'] }, 'refuse is [status, event, info], for example'],
    [{ for: 'wall', refuse: 'mustBeWall' }, 'refuse is [status, event, info], for example'],
    [{ for: 'wall', refuse: 403 }, 'refuse is [status, event, info], for example'],
    [{ for: 'wall', refuse: null }, 'refuse is [status, event, info], for example'],
    [{ for: [] }, 'for is an auth type or a list of them'],
    [{ for: '' }, 'for is an auth type or a list of them'],
    [{ for: null }, 'for is an auth type or a list of them'],
    [{ for: ['wall', 7] }, 'for is an auth type or a list of them'],
  ]
  it.each(optionFaults)('for the options %o', (options, cure) => {
    class Wrong {
      @wrong(options) join() {}
    }
    expect(fault(source(Wrong))).toContain(`App/Live/Controller/Room.ts: Room.join: ${cure}`)
  })

  it.each(['onMessage', 'onClose', 'onReload', 'onShutdown', 'onclose', 'ONMESSAGE'])(
    'for the hook %s as an action',
    (hook) => {
      class Hooked {
        @action() join() {}
      }
      Object.defineProperty(Hooked.prototype, hook, { value: () => {} })
      Reflect.apply(action(), undefined, [Hooked.prototype, hook, {}])
      expect(fault(source(Hooked))).toBe(
        `App/Live/Controller/Room.ts: Room.${hook} is a hook, which no client may call; take @action off it`,
      )
    },
  )

  it('for an action that is no method', () => {
    class Getter {
      @action()
      get join(): () => void {
        return () => {}
      }
    }
    class Value {}
    Reflect.apply(action(), undefined, [Value.prototype, 'join', {}])
    expect(fault(source(Value))).toContain('Room.join is no method; @action stands before methods only')
    expect([...load(source(Getter)).actions]).toHaveLength(1)
  })

  it('for a class that declares nothing', () => {
    class Nothing {
      join() {}
    }
    expect(fault(source(Nothing))).toMatch(
      /^App\/Live\/Controller\/Room\.ts: Room declares no action and no hook; put @action\(\) before each method/,
    )
  })

  it('and all faults are named at once, a line each', () => {
    const text = fault(source(undefined, 'A'), source(Room, 'B'), source({}, 'C'))
    expect(text.split('\n').map((line) => line.split(':')[0])).toEqual([
      'App/Live/Controller/A.ts',
      'App/Live/Controller/C.ts',
    ])
  })
})
