import { cpSync, readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { blocks } from './support/markdown'
import { run, ServerProgram, temporary } from './support/program'

const english = readFileSync('README.md', 'utf8')
const chinese = readFileSync('README.zh-CN.md', 'utf8')

describe('README.md', () => {
  test('shows the smallest controller as it is', () => {
    expect(blocks(english, 'ts')).toEqual([readFileSync('App/Index/Controller/Index.ts', 'utf8')])
  })

  test('gives the commands that CI runs', () => {
    const shell = blocks(english, 'sh').map((block) => block.trim())
    expect(shell[0]).toBe('npm ci && npm start')
    expect(shell.at(-1)).toBe('npm ci && npm test')
    expect(readFileSync('.ci/run', 'utf8')).toContain(shell.at(-1))
  })

  test('links to files that are there, and names folders that are', () => {
    for (const page of [english, chinese]) {
      for (const [, file = ''] of page.matchAll(/\]\(([^)]+)\)/g)) expect(readFileSync(file, 'utf8')).not.toBe('')
    }
  })

  test('is short', () => {
    expect(english.split('\n').length).toBeLessThan(170)
  })

  test('shows the banner and both replies as they are, and adds a module as it says', async () => {
    const project = temporary()
    for (const name of ['App', 'Config', 'Core', 'Library', 'Public', 'package.json', 'tsconfig.json']) {
      cpSync(name, join(project, name), { recursive: true })
    }
    symlinkSync(resolve('node_modules'), join(project, 'node_modules'))
    const [, addModule = '', callIt = ''] = blocks(english, 'sh')
    const added = await run('sh', ['-e', '-c', `${addModule}\nnpm run --silent build`], { cwd: project })
    expect(added).toEqual({ code: 0, stdout: '', stderr: '' })

    const console = join(project, 'dist', 'Public', 'console.js')
    const server = await ServerProgram.start({ cwd: project, console })
    const line = await server.says('call --url')
    const [banner = '', replies = ''] = blocks(english, 'text')
    // But for the numbers, what a reader sees is what the page shows.
    const plain = (text: string) => text.replace(/pid \d+/g, 'pid N').replace(/:\d+\//g, ':N/')
    const seen = server.stderr.map(plain)
    for (const shown of banner.trimEnd().split('\n')) {
      if (!/^ {2}(\.\.\.|store)/.test(shown)) expect(seen).toContain(plain(shown))
    }
    expect(await run('sh', ['-c', line], { cwd: project })).toEqual({ code: 0, stdout: replies.trim(), stderr: '' })

    const port = new URL(server.url()).port
    const hello = await run('sh', ['-c', callIt], { cwd: project, env: { APP_OUTSIDE_PORT: port } })
    expect(hello.stdout.split('\n').slice(-2).join('\n')).toBe(replies.trim())
    server.signal('SIGTERM')
    expect(await server.ended).toMatchObject({ code: 0 })
  })
})

test('README.zh-CN.md shows the same code, and has the same sections', () => {
  for (const language of ['sh', 'ts', 'php', 'text'])
    expect(blocks(chinese, language)).toEqual(blocks(english, language))
  const sections = (page: string) => page.split('\n').filter((line) => line.startsWith('## ')).length
  expect(sections(chinese)).toBe(sections(english))
})

test.each(['from-mswoole', 'cluster'])('docs/%s.md names the keys in Redis as the code does', (name) => {
  const page = readFileSync(`docs/${name}.md`, 'utf8')
  const code = readFileSync('Core/Record/Keys.ts', 'utf8').replace(/\$\{[^}]+\}/g, '<>')
  const keys = [...page.matchAll(/`(WEBSOCKET_[^`*]+)`/g)].map(([, key = '']) => key.replace(/<\w+>/g, '<>'))
  expect(keys.length).toBeGreaterThan(3)
  for (const key of keys) expect(code).toContain(key.split(':')[0])
})
