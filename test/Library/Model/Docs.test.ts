import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DB } from '../../../Library/DB/DB'
import { schemaOf } from '../../../Library/DB/Schema'
import { Model } from '../../../Library/Model/Model'
import { blocks, tableUnder } from '../../support/markdown'
import { Things } from './things'

const page = readFileSync('docs/database.md', 'utf8')

/** The names in the first column of the table that has this cell in its first row. */
const names = (heading: string, rows = tableUnder(page, heading)) => rows.map((row) => /^\| `(\w+)/.exec(row)?.[1])

test('docs/database.md shows the migration and the model of the sample as they are', () => {
  const files = ['App/Live/Migration/0001_wall_message.ts', 'App/Live/Model/Wall.ts']
  expect(blocks(page, 'ts').slice(0, 2)).toEqual(files.map((file) => readFileSync(file, 'utf8')))
})

test('docs/database.md lists every method and field of a model, and what a migration is given', async () => {
  const methods = Object.getOwnPropertyNames(Model.prototype).filter((name) => name !== 'constructor')
  // The heads of the second table are rows to who reads the first one.
  expect(names('Model').filter(Boolean).sort()).toEqual([...methods, ...Object.keys(new Things())].sort())
  DB.configure({ master: { url: ':memory:' } })
  expect(names('Migrations')).toEqual(Object.keys(schemaOf(DB.get(), 'sqlite', '')))
  await DB.close()
})
