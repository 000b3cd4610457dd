import { describe, expect, it } from 'vitest'
import { Screen } from '../../../Library/Log/Screen'

class Terminal {
  written = ''
  constructor(readonly isTTY: boolean) {}
  write(text: string): void {
    this.written += text
  }
}

function shown(isTTY: boolean, fields: Record<string, unknown>): string {
  const out = new Terminal(isTTY)
  new Screen(out).write(
    `${JSON.stringify({ level: 'warn', time: '2026-03-14T10:00:00.000Z', pid: 42, name: 'worker 1', ...fields })}\n`,
  )
  return out.written
}

describe('the screen', () => {
  it('shows JSON lines where nobody looks', () => {
    expect(JSON.parse(shown(false, { msg: 'hello' }))).toMatchObject({ level: 'warn', msg: 'hello', name: 'worker 1' })
  })

  it('shows people on a terminal level, process and text', () => {
    const text = shown(true, { msg: 'hello', fd: 7 })
    expect(() => JSON.parse(text)).toThrow()
    for (const part of ['WARN', 'worker 1', '42', 'hello', '7']) expect(text).toContain(part)
  })

  it('keeps escape sequences of clients from the terminal', () => {
    const evil = '\u001b[2J\u001b]0;title\u0007\u009b31m\b\r'
    const text = shown(true, { msg: `say ${evil}`, nickname: evil, literal: '\\u001b \\\\u001b' })
    // Colours are ours, and end in m. Everything else below a space but tab and newline would be the client's.
    const rest = text.split('\u001b').map((part) => part.replace(/^\[\d+m/, ''))
    expect(rest.slice(1).some((part) => part.startsWith('[2J') || part.startsWith(']'))).toBe(false)
    const controls = [...rest.join('')]
      .map((one) => one.charCodeAt(0))
      .filter((code) => code < 32 || (code > 126 && code < 160))
    expect(new Set(controls)).toEqual(new Set([10]))
    expect(text).toContain('�[2J')
    expect(text).toContain('\\u001b')
  })
})
