import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const PAGE = 'docs/module.md'

/** Each piece of code of the page, with the file that it says it is from. */
function excerpts(): { file: string; code: string }[] {
  const found = readFileSync(PAGE, 'utf8').matchAll(/^`(App\/[^`]+)`:\n\n```ts\n(.*?)^```$/gms)
  return [...found].map(([, file = '', code = '']) => ({ file, code }))
}

describe('"Write your own module"', () => {
  test.each(excerpts())('shows what stands in $file', ({ file, code }) => {
    expect(readFileSync(file, 'utf8')).toContain(code)
  })

  test('has no code that is not from a file', () => {
    const blocks = readFileSync(PAGE, 'utf8').match(/^```ts$/gm) ?? []
    expect(excerpts()).toHaveLength(blocks.length)
    expect(blocks.length).toBeGreaterThan(8)
  })
})
