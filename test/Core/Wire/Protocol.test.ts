import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { REPLIES } from '../../../Core/Errors'
import { acknowledgement, decode, encode, encodeParts, encodeReply, type Parts } from '../../../Core/Wire/Protocol'

describe('decode', () => {
  it('gives the fields of every JSON object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (fields) => {
        const text = JSON.stringify(fields)
        expect(JSON.stringify(decode(text))).toBe(text)
      }),
    )
  })

  it.each([
    '[]',
    '[{}]',
    '1',
    '-0',
    '"{}"',
    'null',
    'true',
    '',
    ' ',
    '2',
    '{',
    '{}{}',
    '{a:1}',
    "{'a':1}",
    '{"a":1,}',
    '\uFEFF{}',
    'undefined',
    'NaN',
    '\0{}',
  ])('is undefined for %j', (text) => {
    expect(decode(text)).toBeUndefined()
  })

  it('takes white space around an object', () => {
    expect(decode(' \t\r\n{"a":1}\n')).toEqual({ a: 1 })
  })

  it('keeps __proto__ a field like any other, and nobody gets a new prototype', () => {
    const request = decode('{"__proto__":{"polluted":1},"a":{"\\u005f_proto__":{"polluted":1}}}') ?? {}
    expect(Object.keys(request)).toEqual(['__proto__', 'a'])
    expect(Reflect.get(request, 'polluted')).toBeUndefined()
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  it('throws for no text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(['object', 'undefined']).toContain(typeof decode(text))
      }),
    )
  })
})

const whole = ({ head, tail }: Parts) => head.toString() + tail

describe('encodeParts', () => {
  it('is encode in two parts, however often an event comes, and with whatever else', () => {
    const few = fc.constantFrom('a', 'b', '"', '中文', '\u2028', '')
    const reply = fc.tuple(
      fc.constantFrom(200, 403),
      few,
      few,
      fc.option(fc.jsonValue(), { nil: undefined }),
      fc.option(few, { nil: undefined }),
    )
    fc.assert(
      fc.property(reply, (given) => {
        expect(whole(encodeParts(...given))).toBe(encode(...given))
      }),
    )
  })

  it('keeps only so many beginnings, up to so long, and is right for the others, too', () => {
    for (let index = 0; index < 3000; index++) {
      const event = index % 3 === 0 ? `long ${'x'.repeat(200)} ${index}` : `event ${index}`
      for (const info of ['一', '二']) expect(whole(encodeParts(200, event, info, 1))).toBe(encode(200, event, info, 1))
    }
  })
})

describe('encode', () => {
  const number = fc.integer({ min: 100, max: 999 })
  const callId = fc.option(fc.oneof(fc.string(), fc.integer()), { nil: undefined })
  const param = fc.option(fc.jsonValue(), { nil: undefined })

  it('has the fields in the order status, event, info, param, callId, and loses none', () => {
    fc.assert(
      fc.property(number, fc.string(), fc.string(), param, callId, (status, event, info, param, callId) => {
        // JSON.stringify writes fields in this order, and leaves undefined ones out: the oracle.
        expect(encode(status, event, info, param, callId)).toBe(JSON.stringify({ status, event, info, param, callId }))
      }),
    )
  })

  it('sends null, false, 0 and the empty text, and leaves out undefined only', () => {
    expect(encode(200, 'e', 'i', null)).toBe('{"status":200,"event":"e","info":"i","param":null}')
    expect(encode(200, 'e', 'i', false)).toBe('{"status":200,"event":"e","info":"i","param":false}')
    expect(encode(200, 'e', 'i', 0)).toBe('{"status":200,"event":"e","info":"i","param":0}')
    expect(encode(200, 'e', 'i', '')).toBe('{"status":200,"event":"e","info":"i","param":""}')
    expect(encode(200, 'e', 'i', undefined)).toBe('{"status":200,"event":"e","info":"i"}')
    expect(encode(200, 'e', 'i', undefined, 0)).toBe('{"status":200,"event":"e","info":"i","callId":0}')
    expect(encode(200, 'e', 'i', undefined, '')).toBe('{"status":200,"event":"e","info":"i","callId":""}')
  })

  it('leaves out what JSON has no word for', () => {
    expect(encode(200, 'e', 'i', () => 1)).toBe('{"status":200,"event":"e","info":"i"}')
    expect(encode(200, 'e', 'i', Symbol('s'))).toBe('{"status":200,"event":"e","info":"i"}')
  })

  it('is valid UTF-8 whatever it is given', () => {
    const text = encode(200, '\ud800', '\udc00', { '\ud800': '\udfff' }, '\ud800')
    expect(Buffer.from(text).toString()).toBe(text)
    expect(JSON.parse(text)).toMatchObject({ event: '\ud800', callId: '\ud800' })
  })

  it('throws for what cannot be JSON', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(() => encode(200, 'e', 'i', cycle)).toThrow(TypeError)
    expect(() => encode(200, 'e', 'i', 1n)).toThrow(TypeError)
  })
})

describe("the kernel's own replies", () => {
  it.each(Object.entries(REPLIES))('%s has status and text of the table', (event, { status, info }) => {
    const known = Object.keys(REPLIES).find((name): name is keyof typeof REPLIES => name === event) ?? 'forbidden'
    expect(encodeReply(known)).toBe(JSON.stringify({ status, event, info }))
    expect(encodeReply(known, [1], 7)).toBe(JSON.stringify({ status, event, info, param: [1], callId: 7 }))
  })

  it('are, word for word, those that clients of MSwoole know', () => {
    expect(whole(acknowledgement())).toBe('{"status":200,"event":"receiveMessage","info":"服务端已收到您的请求内容"}')
    expect(whole(acknowledgement('a'))).toBe(
      '{"status":200,"event":"receiveMessage","info":"服务端已收到您的请求内容","callId":"a"}',
    )
    expect(encodeReply('controllerNotFound')).toBe(
      '{"status":404,"event":"controllerNotFound","info":"您请求的控制器不存在"}',
    )
    expect(encodeReply('methodNotFound')).toBe(
      '{"status":405,"event":"methodNotFound","info":"您请求的method方法不存在"}',
    )
    expect(encodeReply('controllerError')).toBe('{"status":500,"event":"controllerError","info":"程序错误"}')
  })
})
