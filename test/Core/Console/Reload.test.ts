import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Client } from '../../support/client'
import { CONSOLE, Program, runConsole, ServerProgram, temporary } from '../../support/program'
import { SourceProject } from './sources'

const NEWS = 'App/News/Controller/News'

let project: SourceProject
let server: ServerProgram
let client: Client
beforeAll(async () => {
  project = new SourceProject()
  project.build()
  server = await ServerProgram.start({ cwd: project.folder })
  client = await Client.connect(server.url())
})
afterAll(async () => {
  await client.close()
  server.signal('SIGTERM')
  await server.ended
})

const reload = (...args: string[]) =>
  runConsole(['reload', ...args], { cwd: project.folder, env: { APP_RUNTIME: server.runtime } })

/** What the connection, which was there from the beginning, is answered now. */
const answer = async () => (await client.call('news.news.index')).info

/** Nothing of a build is left beside dist/. */
const PROJECT = ['App', 'Config', 'dist', 'node_modules', 'package.json', 'tsconfig.json']
afterEach(() => {
  expect(readdirSync(project.folder).sort()).toEqual(PROJECT)
})

test('reload --build compiles and brings the new code in; the connection stays', async () => {
  project.answers('two')
  const { code, stdout, stderr } = await reload('--build')
  expect({ code, stdout }).toEqual({ code: 0, stdout: '服务即将重启' })
  expect(stderr.split('\n')).toEqual([
    'compiling',
    '2 new workers serve',
    'an old worker has ended, 1 left',
    'an old worker has ended, 0 left',
  ])
  expect(await answer()).toBe('two')
})

test('what does not compile changes nothing: file, line, error, exit code 1', async () => {
  const before = project.read(`dist/${NEWS}.js`)
  project.answers('three', "export const wrong: number = 'text'")
  const { code, stdout, stderr } = await reload('--build')
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/App\/News\/Controller\/News\.ts\(1,14\): error TS2322: Type 'string' is not assignable/)
  expect(project.read(`dist/${NEWS}.js`)).toBe(before)
  expect(await answer()).toBe('two')
})

test('what compiles and does not load changes nothing either: dist/ is that of the code which runs', async () => {
  const before = project.read(`dist/${NEWS}.js`)
  project.answers('four', "throw new Error('not today')")
  const { code, stderr } = await reload('--build')
  expect(code).toBe(1)
  expect(stderr).toMatch(/App\/News\/Controller\/News\.ts does not load: .*not today.*News\.ts:1/s)
  expect(project.read(`dist/${NEWS}.js`)).toBe(before)
  expect(await answer()).toBe('two')
  project.answers('five')
  expect(await reload('--build')).toMatchObject({ code: 0 })
  expect(await answer()).toBe('five')
})

test('a source file that has gone is gone from dist/, too', async () => {
  project.write('App/News/Controller/Old.ts', project.read(`${NEWS}.ts`).replace('class News', 'class Old'))
  expect(await reload('--build')).toMatchObject({ code: 0 })
  expect((await client.call('news.old.index')).event).toBe('news')
  project.remove('App/News/Controller/Old.ts')
  expect(await reload('--build')).toMatchObject({ code: 0 })
  expect((await client.call('news.old.index')).event).toBe('controllerNotFound')
})

test.each([
  ['reload', 'another change is under way; this one waits'],
  ['reload --build', 'is under way; this one waits'],
])(
  'two at once, `%s`: the second one says that it waits, and both go well',
  async (command, waits) => {
    project.answers('six')
    project.build()
    const options = { cwd: project.folder, env: { APP_RUNTIME: server.runtime } }
    const begin = () => new Program(process.execPath, [CONSOLE, ...command.split(' ')], options)
    const until = join(temporary(), 'go on')
    const held = client.call('news.news.hold', { until }, 60_000)
    const first = begin()
    await first.says('new workers serve')
    const second = begin()
    await second.says(waits)
    writeFileSync(until, '')
    await held
    expect(await Promise.all([first.ended, second.ended])).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ])
    expect(await answer()).toBe('six')
  },
  240_000,
)

test('without TypeScript among its modules a project is told what to do', async () => {
  const bare = new SourceProject(false)
  bare.write('dist/Config/app.js', 'exports.default = {}')
  const env = { APP_RUNTIME: server.runtime }
  const { code, stderr } = await runConsole(['reload', '--build'], { cwd: bare.folder, env })
  expect(code).toBe(1)
  expect(stderr).toContain(`the project in ${bare.folder} has no compiler: npm install --save-dev typescript`)
})

test('with no server there nothing is compiled', async () => {
  project.answers('seven')
  const env = { APP_RUNTIME: join(project.folder, 'node_modules', 'nowhere'), APP_MANAGER_PORT: '9' }
  const { code, stderr } = await runConsole(['reload', '--build'], { cwd: project.folder, env })
  expect({ code, stderr }).toEqual({ code: 1, stderr: '连接服务失败' })
})

test('on a terminal the steps take one line, which is redrawn and taken away', async () => {
  const command = `${process.execPath} ${CONSOLE} reload`
  const env = { APP_RUNTIME: server.runtime, TERM: 'xterm' }
  const terminal = new Program('script', ['-qec', command, '/dev/null'], { cwd: project.folder, env })
  expect(await terminal.ended).toMatchObject({ code: 0 })
  // The lines end in a carriage return, and the next one begins by clearing it.
  expect(terminal.stdout).toEqual([
    '2 new workers serve',
    '\u001b[2Kan old worker has ended, 1 left',
    '\u001b[2Kan old worker has ended, 0 left',
    '\u001b[2K服务即将重启',
  ])
})
