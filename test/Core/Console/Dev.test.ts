import { readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Client } from '../../support/client'
import { eventually } from '../../support/eventually'
import { CONSOLE, Program, processesOf, runConsole, temporary } from '../../support/program'
import { SourceProject } from './sources'

/** `console dev` in a project; all of it ends with the test. */
class Dev extends Program {
  readonly runtime: string

  constructor(project: SourceProject) {
    const runtime = temporary()
    const env = { APP_RUNTIME: runtime, APP_MANAGER_PORT: '0' }
    super(process.execPath, [CONSOLE, 'dev'], { cwd: project.folder, env, ownGroup: true })
    this.runtime = runtime
    onTestFinished(async () => {
      if (this.process.exitCode === null) this.signal('SIGTERM')
      await this.ended
      expect(processesOf(runtime)).toEqual([])
    })
  }

  /** The address of the server, when it listens. */
  async url(): Promise<string> {
    const [, url = ''] = (await this.says('  main ')).trim().split(/ +/)
    await this.says('  engine')
    return url
  }
}

const answer = async (client: Client) => (await client.call('news.news.index')).info

test('what is saved comes in by itself, on the same connection; errors are shown, and change nothing', async () => {
  const project = new SourceProject()
  const dev = new Dev(project)
  const client = await Client.connect(await dev.url())
  expect(await answer(client)).toBe('one')

  project.answers('two')
  await dev.says('dev: reloaded after')
  expect(await answer(client)).toBe('two')

  project.answers('three', "export const wrong: number = 'text'")
  await dev.says("News.ts(1,14): error TS2322: Type 'string' is not assignable")
  await dev.says('the code that ran before goes on')
  expect(await answer(client)).toBe('two')

  project.answers('four', "throw new Error('not today')")
  await dev.says('App/News/Controller/News.ts does not load: Error: not today')
  await dev.says('the code that ran before goes on')
  expect(await answer(client)).toBe('two')

  project.answers('five')
  await dev.says('dev: reloaded after')
  expect(await answer(client)).toBe('five')

  // As editors do it that write a new file and put it in the old one's place.
  project.write('new', project.read('App/News/Controller/News.ts').replaceAll("'five'", "'six'"))
  renameSync(join(project.folder, 'new'), join(project.folder, 'App/News/Controller/News.ts'))
  await dev.says('dev: reloaded after')
  expect(await answer(client)).toBe('six')

  project.write(
    'App/Fresh/Controller/Fresh.ts',
    project.read('App/News/Controller/News.ts').replace('class News', 'class Fresh'),
  )
  await eventually(async () => expect((await client.call('fresh.fresh.index')).event).toBe('news'), 60_000)
  project.remove('App/Fresh')
  await eventually(
    async () => expect((await client.call('fresh.fresh.index')).event).toBe('controllerNotFound'),
    60_000,
  )
  expect(await answer(client)).toBe('six')

  dev.signal('SIGINT', 'group')
  expect(await client.closed).toEqual({ code: 1001, reason: 'server stops' })
  expect(await dev.ended).toEqual({ code: 0, signal: null })
  expect(dev.output).not.toContain('second time')
  expect(readdirSync(project.folder).filter((name) => name.startsWith('.'))).toEqual([])
  expect(readdirSync(dev.runtime)).toEqual(['logs'])
}, 300_000)

test('a project that does not compile at first is started when it does; one that ends, with the next save', async () => {
  const project = new SourceProject()
  project.answers('one', 'const unused = 1')
  const dev = new Dev(project)
  await dev.says("error TS6133: 'unused' is declared but its value is never read")
  expect(project.has('dist')).toBe(false)
  project.answers('two')
  const first = await Client.connect(await dev.url())
  expect(await answer(first)).toBe('two')
  await runConsole(['stop'], { cwd: project.folder, env: { APP_RUNTIME: dev.runtime } })
  await dev.says('dev: the server has ended')
  project.answers('three')
  const again = await Client.connect(await dev.url())
  expect(await answer(again)).toBe('three')
  await again.close()
})

test('without TypeScript it says what is missing', async () => {
  const { folder } = new SourceProject(false)
  const { code, stderr } = await runConsole(['dev'], { cwd: folder })
  expect(code).toBe(1)
  expect(stderr).toContain(`the project in ${folder} has no compiler: npm install --save-dev typescript`)
})
