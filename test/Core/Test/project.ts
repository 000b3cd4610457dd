import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { temporary } from '../../support/program'

/** A project of a user's: the fixture `room`, with the framework installed as npm installs it. @returns its folder */
export function makeProject(): string {
  const folder = temporary()
  cpSync('test/fixtures/room', folder, { recursive: true })
  const { compilerOptions } = JSON.parse(readFileSync('tsconfig.json', 'utf8'))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['App', 'Config'] }))
  const modules = join(folder, 'node_modules')
  const installed = join(modules, 'mswoole-ts')
  mkdirSync(installed, { recursive: true })
  for (const name of ['dist', 'package.json']) cpSync(name, join(installed, name), { recursive: true })
  symlinkSync(resolve('node_modules'), join(installed, 'node_modules'))
  for (const name of ['zod', 'vitest']) symlinkSync(resolve('node_modules', name), join(modules, name))
  return folder
}
