import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { leftIn, runConsole, ServerProgram, temporary } from '../../support/program'
import { Project } from '../Reload/project'

/** Commands for the server of a Runtime folder. */
const commands = (runtime: string) => (args: readonly string[], cwd?: string) =>
  runConsole(args, { env: { APP_RUNTIME: runtime }, ...(cwd === undefined ? {} : { cwd }) })

describe.each([
  ['by name', (command: string, ...more: string[]) => [command, ...more]],
  [
    "in MSwoole's form",
    (command: string, text?: string) => ['-s', command, ...(text === undefined ? [] : ['-i', text])],
  ],
])('a running server, commanded %s', (_, form) => {
  let server: ServerProgram
  let console: ReturnType<typeof commands>
  beforeAll(async () => {
    server = await ServerProgram.start()
    console = commands(server.runtime)
  })
  afterAll(() => server.kill())

  test('status', async () => {
    const { code, stdout } = await console(form('status'))
    expect(code).toBe(0)
    expect(stdout).toMatch(/^当前服务器共有 0 个连接\n主进程PID: \d+\n内存占用量: \d+\.\d\dMB$/)
  })

  test('say', async () => {
    const client = await Client.connect(server.url(), phone('1'))
    expect(await console(form('say', '你好'))).toEqual({ code: 0, stdout: '已发送给 1 个连接', stderr: '' })
    expect(await client.next('serverBroadcast')).toMatchObject({ param: '你好' })
    await client.close()
  })

  test('reload', async () => {
    const { code, stdout } = await console(form('reload'))
    expect({ code, stdout }).toEqual({ code: 0, stdout: '服务即将重启' })
    await server.logs('reload: the last old worker has ended')
  })

  test('stop returns when the server has ended, and leaves no file behind', async () => {
    const client = await Client.connect(server.url(), phone('1'))
    expect(await console(form('stop'))).toEqual({ code: 0, stdout: '服务即将关闭', stderr: '' })
    expect(await client.closed).toEqual({ code: 1001, reason: 'server stops' })
    expect(await server.ended).toEqual({ code: 0, signal: null })
    expect(leftIn(server.runtime)).toEqual(['logs'])
  })
})

describe.concurrent('where no server runs', () => {
  test.each([
    ['stop', 1],
    ['reload', 1],
    ['say', 1],
    ['status', 3],
  ])('%s says so, and exits with %i', async (command, code) => {
    const args = command === 'say' ? ['say', 'x'] : [command]
    const env = { APP_RUNTIME: temporary(), APP_MANAGER_PORT: '9' }
    expect(await runConsole(args, { env })).toEqual({ code, stdout: '', stderr: '连接服务失败' })
  })
})

test.each([
  [['-p', '20001'], '缺少s指令，s指令用于指明具体操作'],
  [['-s', 'halt'], 's指令仅可用start|stop|reload|status|say'],
  [['-s', 'say'], '缺少i参数'],
])("MSwoole's console answers %j with its own words", async (args, stderr) => {
  expect(await runConsole(args)).toEqual({ code: 1, stdout: '', stderr })
})

test('a reload of code that does not load exits with 1, names file and error, and changes nothing', async () => {
  const project = new Project()
  const server = await ServerProgram.start({ cwd: project.folder })
  project.write('App/Calls/Controller/Broken.js', 'exports.Broken = class Broken { constructor( }')
  const { code, stderr } = await commands(server.runtime)(['reload'], project.folder)
  expect(code).toBe(1)
  expect(stderr).toContain('App/Calls/Controller/Broken.js:1')
  expect(stderr).toContain('SyntaxError')
  project.remove('App/Calls/Controller/Broken.js')
  project.version(2)
  expect(await commands(server.runtime)(['reload'], project.folder)).toMatchObject({ code: 0 })
  await server.kill()
})
