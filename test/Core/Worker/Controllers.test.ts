import { container, injectable } from 'tsyringe'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { action, controller } from '../../../Core/App/Action'
import { App } from '../../../Core/App/App'
import { Controllers } from '../../../Core/Worker/Controllers'
import type { Source } from '../../../Core/Worker/Sources'

const source = (exported: unknown, name = 'Room'): Source => ({
  file: `App/Live/Controller/${name}.ts`,
  module: 'Live',
  name,
  exported,
})

const load = (...sources: Source[]) => new Controllers(sources, container.createChildContainer())

class Room {
  @action()
  join() {}
}

describe('what loads', () => {
  it('is found by its lower-case name, and nothing else is', () => {
    const controllers = load(source(Room))
    expect(controllers.find('live.room.join')).toMatchObject({ name: 'Live.Room.join' })
    expect(controllers.find('live.room.leave')).toBe('methodNotFound')
    expect(controllers.find('live.hall.join')).toBe('controllerNotFound')
    expect(controllers.find('')).toBe('controllerNotFound')
    expect(controllers.controller('LIVE.room')?.name).toBe('Live.Room')
  })

  it('has the actions of the classes above it', () => {
    class Vip extends Room {
      @action({ for: ['wall', 'tv'] }) greet() {}
    }
    const controllers = load(source(Vip, 'Vip'))
    expect([...controllers.actions].map(({ name }) => name)).toEqual(['Live.Vip.join', 'Live.Vip.greet'])
    expect(controllers.find('live.vip.greet')).toMatchObject({ types: new Set(['wall', 'tv']) })
    expect([...load(source(Room)).actions]).toHaveLength(1)
  })

  it('is made with what its constructor wants', () => {
    @injectable()
    class Names {
      readonly first = 'A'
    }
    class Wants {
      readonly names: Names
      constructor(names: Names) {
        this.names = names
      }
      @action() name() {
        return this.names.first
      }
    }
    Reflect.defineMetadata('design:paramtypes', [Names], Wants)
    controller()(Wants)
    const found = load(source(Wants)).find('live.room.name')
    if (typeof found === 'string') throw new Error(found)
    expect(found.run(Reflect.construct(App, [{}]), {})).toBe('A')
  })

  it('may have hooks only, and takes any Standard Schema', () => {
    class Hooks {
      onClose() {}
      onMessage() {}
    }
    const controllers = load(source(Hooks))
    expect([...(controllers.controller('live.room')?.hooks.keys() ?? [])]).toEqual(['onMessage', 'onClose'])
    class Schema {
      @action({ for: 'wall', data: z.object({ a: z.string() }), refuse: [999, 'e', ''] }) a() {}
    }
    expect(load(source(Schema)).find('live.room.a')).toMatchObject({ name: 'Live.Room.a' })
  })
})
