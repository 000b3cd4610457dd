import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { Program, runConsole, ServerProgram, temporary } from '../../support/program'
import { addressOf } from './ask'

const CHROMIUM = (process.env.PATH ?? '')
  .split(':')
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
  .find((path) => existsSync(path))

/** Tries everything that a page can do to reach the manager port, and tells its own server what came of it. */
const page = (manager: string) => `<script>
const socket = () => new Promise((resolve) => {
  const one = new WebSocket('ws://${manager}/')
  one.onopen = () => { one.send('{"method":"stop"}'); resolve('opened') }
  one.onerror = () => resolve('refused')
})
const get = () => fetch('http://${manager}/healthz').then(({ status }) => 'read ' + status, () => 'refused')
const post = () => fetch('http://${manager}/', { method: 'POST', mode: 'no-cors', body: '{"method":"stop"}' })
  .then(() => 'sent', () => 'refused')
Promise.all([socket(), get(), post()]).then((all) => fetch('/result', { method: 'POST', body: all.join() }))
</script>`

test.skipIf(CHROMIUM === undefined)(
  'a page that an administrator opens in Chromium cannot command the server',
  async () => {
    const server = await ServerProgram.start()
    const manager = addressOf(server.runtime)
    const site = createServer(async (request, response) => {
      if (request.method === 'POST') site.emit('result', await text(request))
      response.setHeader('content-type', 'text/html').end(page(manager))
    })
    await once(site.listen(0, '127.0.0.1'), 'listening')
    const result = once(site, 'result')
    const { port } = Object(site.address())
    const browser = new Program(
      CHROMIUM ?? '',
      ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${temporary()}`, `http://127.0.0.1:${port}/`],
      { ownGroup: true },
    )
    // What was posted was answered 403, which the page cannot see.
    expect(await result).toEqual(['refused,refused,sent'])
    browser.signal('SIGKILL', 'group')
    await browser.ended
    site.close()
    expect(await server.logs('the manager port refused a connection')).toMatchObject({ refusal: '403 Forbidden' })
    expect(await runConsole(['status'], { env: { APP_RUNTIME: server.runtime } })).toMatchObject({ code: 0 })
    server.signal('SIGTERM')
    expect(await server.ended).toMatchObject({ code: 0 })
  },
)
