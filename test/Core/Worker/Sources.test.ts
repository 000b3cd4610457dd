import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadSources, SourceError } from '../../../Core/Worker/Sources'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mswoole-sources-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function file(path: string, text: string): void {
  const full = join(root, path)
  mkdirSync(dirname(full), { recursive: true })
  writeFileSync(full, text)
}

function failure(): Error {
  try {
    loadSources(root)
  } catch (error) {
    if (error instanceof SourceError) return error
    throw error
  }
  throw new Error('it loaded')
}

test('every App/<Module>/Controller/<Name>.js is a source, named as the code spells it, in a fixed order', () => {
  file('App/Live/Controller/User.js', 'exports.User = class User {}')
  file('App/Live/Controller/User.js.map', '{}')
  file('App/Live/Controller/User.d.ts', '')
  file('App/Live/Server/Rooms.js', 'throw new Error("nobody asked for this file")')
  file('App/Index/Controller/Index.js', 'exports.default = class Index {}')
  file('App/Empty/Model/Nothing.js', '')
  file('App/stray.js', 'throw new Error("nobody asked for this file")')
  const sources = loadSources(root)
  expect(sources.map(({ file, module, name }) => [file, module, name])).toEqual([
    ['App/Index/Controller/Index.ts', 'Index', 'Index'],
    ['App/Live/Controller/User.ts', 'Live', 'User'],
  ])
  expect(sources.map(({ exported }) => Object(exported).name)).toEqual(['Index', 'User'])
})

test('a file that exports neither its own name nor a default has nothing to offer', () => {
  file('App/Live/Controller/User.js', 'exports.Users = class Users {}')
  expect(loadSources(root)[0]?.exported).toBeUndefined()
})

test('without App there is nothing to load', () => {
  expect(loadSources(root)).toEqual([])
})

test('a file that throws is named, with the error and the line that threw, and what to do', () => {
  file('App/Live/Controller/User.js', '// a comment\nthrow new Error("no such table")\n')
  const { message, cause } = failure()
  expect(message).toBe(
    'App/Live/Controller/User.ts does not load: Error: no such table (App/Live/Controller/User.js:2:7). Correct it and build again',
  )
  expect(cause).toBeInstanceOf(Error)
})

test('an error in what the file imports names the file that threw, too', () => {
  file('App/Live/Controller/User.js', 'require("../Server/Rooms")')
  file('App/Live/Server/Rooms.js', '\n\n  throw new RangeError("too few")')
  expect(failure().message).toContain(
    'App/Live/Controller/User.ts does not load: RangeError: too few (App/Live/Server/Rooms.js:3:9)',
  )
})

test('a file that cannot be parsed is named, with the line', () => {
  file('App/Live/Controller/User.js', 'class User {\n')
  expect(failure().message).toMatch(
    /^App\/Live\/Controller\/User\.ts does not load: SyntaxError: .* \(App\/Live\/Controller\/User\.js:2\)/,
  )
})

test('a file that imports what is not there is named, with what it wanted', () => {
  file('App/Live/Controller/User.js', 'require("../Server/Gone")')
  expect(failure().message).toContain(
    "App/Live/Controller/User.ts does not load: Error: Cannot find module '../Server/Gone' (App/Live/Controller/User.js:1:1)",
  )
})

test('a file that throws what is no error is named all the same', () => {
  file('App/Live/Controller/User.js', 'throw "no"')
  expect(failure().message).toBe('App/Live/Controller/User.ts does not load: it threw no. Correct it and build again')
})
