import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { TestApp } from '../../../Core/Test/TestApp'
import { User } from '../../../Core/Test/User'
import { blocks, tableUnder } from '../../support/markdown'

const page = readFileSync('docs/testing.md', 'utf8')

/** The names in the first column of a table. */
const names = (heading: string) =>
  tableUnder(page, heading)
    .map((row) => /^\| `(\w+)/.exec(row)?.[1])
    .sort()

/** What a class lets its users do, and the fields of its objects. */
const members = (type: { readonly prototype: object }, fields: readonly string[] = []) =>
  [...Object.getOwnPropertyNames(type.prototype), ...fields].filter((name) => name !== 'constructor').sort()

test('docs/testing.md shows a controller and its test as they are, and run', () => {
  const files = ['App/Room/Controller/Room.ts', 'test/Room.test.ts']
  expect(blocks(page, 'ts')).toEqual(files.map((file) => readFileSync(`test/fixtures/room/${file}`, 'utf8')))
})

test('docs/testing.md lists the options, and what an app and a client can do', () => {
  const [options = ''] =
    /export interface StartOptions \{.*?\n\}/s.exec(readFileSync('Core/Test/Setup.ts', 'utf8')) ?? []
  expect(names('Start')).toEqual([...options.matchAll(/readonly (\w+)\?:/g)].map(([, name]) => name).sort())
  expect(names('The app')).toEqual(members(TestApp))
  expect(names('A client')).toEqual(members(User, ['fd', 'closed']))
})
