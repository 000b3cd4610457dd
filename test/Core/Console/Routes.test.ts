import { afterAll, expect, test } from 'vitest'
import { processesOf, runConsole } from '../../support/program'
import { Project } from '../Reload/project'

const project = new Project()
afterAll(() => project.delete())

const routes = (...args: string[]) => runConsole(['routes', ...args], { cwd: project.folder })

test('routes lists every action with who may call it and what it wants, without a server', async () => {
  const { code, stdout, stderr } = await runConsole(['routes'], { cwd: 'test/fixtures/wire' })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const lines = stdout.split('\n')
  expect(lines).toContainEqual(expect.stringMatching(/^index\.index\.index {2,}anybody$/))
  expect(lines).toContainEqual(expect.stringMatching(/^fail\.fail\.polite {2,}wall, tv$/))
  expect(lines).toContainEqual(
    expect.stringMatching(/^fail\.fail\.checked +anybody +\{ say: string, page: \{ count: number \} \}$/),
  )
  expect(stdout).not.toContain('onMessage')
})

test('--json has names, refusals and the whole schema', async () => {
  const { code, stdout } = await runConsole(['routes', '--json'], { cwd: 'test/fixtures/wire' })
  expect(code).toBe(0)
  const all: { method: string }[] = JSON.parse(stdout)
  const named = (name: string) => all.find(({ method }) => method === name)
  expect(named('fail.fail.polite')).toMatchObject({ action: 'Fail.Fail.polite', for: ['wall', 'tv'], data: null })
  expect(named('echo.echo.short')).toMatchObject({
    for: null,
    refuse: null,
    data: { type: 'object', properties: { say: { type: 'string', maxLength: 5 } }, required: ['say'] },
  })
})

test('what user code does when it is loaded ends with the process, and what it prints is no result', async () => {
  project.controller('Noisy', {
    load: "console.log('loaded in', process.cwd()); setInterval(() => {}, 1000)",
    members: 'say() {}',
    actions: ['say'],
  })
  const { code, stdout, stderr } = await routes('--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout).map(({ method }: { method: string }) => method)).toContain('noisy.noisy.say')
  expect(stderr).toBe(`loaded in ${project.folder}`)
  expect(processesOf(project.folder)).toEqual([])
  project.remove('App/Noisy')
})

test('code that does not load is named, by file and error; so is code that ends the process', async () => {
  const file = project.controller('Bad', { load: "throw new Error('no such thing')" })
  expect(await routes()).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^App\/Bad\/Controller\/Bad\.ts does not load: Error: no such thing/),
  })
  project.controller('Bad', { load: 'process.exit(7)' })
  expect(await routes()).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`${file}: the process that loads the code ended with 7`),
  })
  project.remove('App/Bad')
})
