import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { appSchema, cacheSchema, dbSchema } from '../../../Library/Config/Schema'
import { tableUnder } from '../../support/markdown'
import { type Option, optionsOf, VARIABLES } from './options'

const page = readFileSync('docs/config.md', 'utf8')

/** A row of the table as it must stand in docs/config.md. */
function row({ name, byDefault, about, variable }: Option): string {
  const value = byDefault === undefined ? '' : `\`${JSON.stringify(byDefault)}\``
  return `| \`${name}\` | ${value} | ${about} | ${variable === undefined ? '' : `\`${variable}\``} |`.replace(
    / {2,}/g,
    ' ',
  )
}

test('docs/config.md lists the options of Config/app.ts: each with its default, its meaning, its variable', () => {
  expect(tableUnder(page, 'Config/app.ts')).toEqual(optionsOf(appSchema).map(row))
})

test('docs/config.md lists the options of Config/cache.ts', () => {
  const options = optionsOf(cacheSchema).map((option) =>
    option.name.endsWith('.url') ? { ...option, variable: 'REDIS_URL' } : option,
  )
  expect(tableUnder(page, 'Config/cache.ts')).toEqual(options.map(row))
})

test('docs/config.md lists the options of Config/db.ts', () => {
  const options = optionsOf(dbSchema).map((option) =>
    option.name.endsWith('.url') ? { ...option, variable: 'DB_URL' } : option,
  )
  expect(tableUnder(page, 'Config/db.ts')).toEqual(options.map(row))
})

test('every option says what it means', () => {
  const silent = [...optionsOf(appSchema), ...optionsOf(cacheSchema), ...optionsOf(dbSchema)].filter(
    ({ about }) => about.length < 8,
  )
  expect(silent.map(({ name }) => name)).toEqual([])
})

test('docs/config.md names every variable of the environment', () => {
  const named = tableUnder(page, 'Environment only').map((line) => /`(\w+)`/.exec(line)?.[1])
  expect(named).toEqual(['APP_RUNTIME', 'NODE_ENV'])
  for (const name of VARIABLES) expect(page).toContain(`\`${name}\``)
})

test('what docs/config.md calls without effect is read nowhere, and what it does not call so is', () => {
  const [, list = ''] = /without effect in this version: ([^.]*)\./.exec(page) ?? []
  const idle = [...list.matchAll(/`(\w+)`/g)].map(([, name]) => name)
  const files = readdirSync('Core', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  // Whoever only names an option, in a text, does not read it.
  const code = files.map((file) => readFileSync(join('Core', file), 'utf8').replace(/'\w+'/g, '')).join('\n')
  const unread = Object.keys(appSchema.entries.setting.wrapped.entries).filter(
    (name) => !new RegExp(`\\b${name}\\b`).test(code),
  )
  const others = ['multiLogin', 'manager'].filter((name) => !new RegExp(`\\.${name}\\b`).test(code))
  expect(idle).toEqual([...unread, ...others])
})
