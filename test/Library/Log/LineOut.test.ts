import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'

const LINES = 12_000
const LETTERS = 300
const PATIENCE = { timeout: 60_000 }

/** A process that writes its letter, line by line, as fast as it can; what it has to say itself goes to standard error. */
const writer = (letter: string, lines = LINES) => `node -e "
  process.stdout // as any use of console does: from then on a write does not wait
  const { LineOut } = require('./dist/Library/Log/LineOut.js')
  const out = new LineOut(1, (count) => console.error('unshown ' + count))
  for (let line = 0; line < ${lines}; line++) out.write('${letter}'.repeat(${LETTERS}) + '\\n')
"`

/** Runs a shell command whose standard output is a socket, as that of a service is. */
function run(command: string) {
  const shell = spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'] })
  const said: string[] = []
  createInterface(shell.stderr).on('line', (line) => said.push(line))
  return { input: shell.stdin, output: shell.stdout, said, closed: once(shell, 'close') }
}

it('two processes that write at once do not cut into each other’s lines, and lose none', async () => {
  const lines = 2000
  const { output, closed } = run(`${writer('a', lines)} & ${writer('b', lines)} & wait`)
  const counts = new Map<string, number>()
  createInterface(output).on('line', (line) => counts.set(line, (counts.get(line) ?? 0) + 1))
  await closed
  expect(Object.fromEntries(counts)).toEqual({ ['a'.repeat(LETTERS)]: lines, ['b'.repeat(LETTERS)]: lines })
})

it('a reader that has left ends nobody', async () => {
  const { said, closed } = run(`(${writer('a')}; echo ended $? >&2) | head -n 1`)
  await closed
  expect(said).toEqual(['ended 0'])
})

it('what a reader is too slow for is counted; what waited comes', async () => {
  // It ends when its input does: not before the reader has begun.
  const slow = writer('a').replace(/"$/, "; require('fs').writeSync(2, 'written\\\\n'); process.stdin.resume()\"")
  const { input, output, said, closed } = run(slow)
  let shown = 0
  const reading = createInterface(output).on('line', () => shown++)
  reading.pause()
  output.pause()
  await expect.poll(() => said, PATIENCE).toEqual(['written'])
  output.resume()
  reading.resume()
  await expect.poll(() => said.at(-1), PATIENCE).toMatch(/^unshown/)
  input.end()
  await closed
  const [, unshown] = said.at(-1)?.split(' ') ?? []
  expect(Number(unshown)).toBeGreaterThan(0)
  expect(shown + Number(unshown)).toBe(LINES)
})
