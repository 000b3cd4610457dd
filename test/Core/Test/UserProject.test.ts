import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { Program, run } from '../../support/program'
import { makeProject } from './project'

let project = ''
beforeAll(() => {
  project = makeProject()
})

const VITEST = resolve('node_modules/vitest/vitest.mjs')
const runVitest = (...args: string[]) => run(process.execPath, [VITEST, 'run', ...args], { cwd: project })

describe('a project of a user, with the package installed', { timeout: 300_000 }, () => {
  test('tests its controller of 20 lines in under 25, from the sources, without a build or any configuration', async () => {
    const lines = (file: string) => readFileSync(join(project, file), 'utf8').trimEnd().split('\n').length
    expect(lines('App/Room/Controller/Room.ts')).toBe(20)
    expect(lines('test/Room.test.ts')).toBeLessThan(25)
    const began = performance.now()
    const { code, stdout, stderr } = await runVitest('--reporter=json')
    const whole = Math.round(performance.now() - began)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { numPassedTests, testResults } = JSON.parse(stdout)
    expect(numPassedTests).toBe(1)
    const [{ startTime, endTime, assertionResults }] = testResults
    const test = Math.round(assertionResults[0].duration)
    console.log(
      `measured: vitest ${whole} ms, of which the file ${Math.round(endTime - startTime)} ms, the test ${test} ms`,
    )
  })

  test('tests it again on every save', async () => {
    const watching = new Program(process.execPath, [VITEST, '--watch', '--no-color'], { cwd: project })
    await watching.says('Test Files  1 passed')
    await watching.says('Waiting for file changes')
    for (let save = 1; save <= 3; save++) {
      const began = performance.now()
      appendFileSync(join(project, 'App/Room/Controller/Room.ts'), '\n')
      await watching.says('Test Files  1 passed')
      console.log(`measured: ${Math.round(performance.now() - began)} ms from a save to its result`)
      await watching.says('Waiting for file changes')
    }
    await watching.kill()
  })

  test('sees in the output of a failing test what came, and what the action threw', async () => {
    const controller = join(project, 'App/Room/Controller/Room.ts')
    const right = readFileSync(controller, 'utf8')
    writeFileSync(controller, right.replace('const { nickname } = data.auth', 'const { nickname } = Object(null).auth'))
    const { code, stdout, stderr } = await runVitest('--no-color')
    writeFileSync(controller, right)
    expect(code).toBe(1)
    expect(`${stdout}${stderr}`).toMatch(
      /TypeError: Cannot destructure property 'nickname'.*\n\s+at Room.say.*Room\.ts:1\d/,
    )
    expect(`${stdout}${stderr}`).toContain('controllerError')
    writeFileSync(controller, right.replace("send('said'", "send('sayed'"))
    const renamed = await runVitest('--no-color')
    writeFileSync(controller, right)
    expect(renamed.stdout + renamed.stderr).toMatch(
      /no said came within 4000 ms \(fd \d+\). These frames came:\n\s+200 joined 加入房间成功\n\s+200 sayed 有人发言 param \{"nickname":"Ann","say":"hi"\}/,
    )
    expect(renamed.stdout + renamed.stderr).toMatch(/❯ test\/Room\.test\.ts:1\d:/)
  })

  test('tests its build with node:test, and the process ends by itself, also after a port and several apps', async () => {
    writeFileSync(
      join(project, 'build.test.cjs'),
      `const { test } = require('node:test')
      const assert = require('node:assert')
      const { WebSocket } = require('./node_modules/mswoole-ts/node_modules/ws')
      const { startApp } = require('mswoole-ts/test')
      for (const port of [false, true]) {
        test('port ' + port, async (t) => {
          const app = await startApp({ port, config: { limits: { rate: 1 } } })
          t.after(() => app.stop())
          const user = await app.client({ code: 'A' })
          assert.equal((await user.call('room.room.join')).status, 200)
          // The burst of the project, and what the rate of the test adds to it meanwhile.
          const began = performance.now()
          let taken = 1
          while ((await user.call('room.room.join')).status === 200) taken++
          const most = 50 + Math.ceil((performance.now() - began) / 1000) + 1
          assert.ok(taken >= 50 && taken <= most, taken + ' were taken, ' + most + ' may be')
          if (port) await new Promise((resolve) => new WebSocket(app.url).on('error', resolve))
        })
      }`,
    )
    const { code, stdout } = await run(process.execPath, ['--test-reporter=tap', 'build.test.cjs'], { cwd: project })
    expect(stdout).toContain('# pass 2')
    expect(code).toBe(0)
  })
})
