import { Cache } from '../../Library/Cache/Cache'
import { DB } from '../../Library/DB/DB'
import { Base } from '../Base/Base'
import { LogBook } from './LogBook'
import { readSetup, type StartOptions } from './Setup'
import { openStore } from './Store'
import { TestApp } from './TestApp'

export type { Frame } from './Frames'
export type { Closed } from './Inside'
export type { Logged } from './LogBook'
export type { ControllerClass, StartOptions } from './Setup'
export type { AuthString, TestApp, UserFields } from './TestApp'
export type { User } from './User'

/** Workers that were started so far: each has a number of its own. */
let started = 0
let running = false

/**
 * Starts an app in this process: the gateway and the worker of base mode, with a store of its own, and without a port.
 *
 * One at a time. `Cache`, the log and whatever the app keeps in its modules are those of the process: two would share them.
 * @throws Error while another one runs, ConfigError, SourceError and LoadError for an app that cannot be started
 */
export async function startApp(options: StartOptions = {}): Promise<TestApp> {
  if (running) {
    throw new Error(
      'an app is running in this process, and Cache and the log can serve only one; await its stop() before the next one starts, or put the tests into different files',
    )
  }
  running = true
  const steps: (() => unknown)[] = []
  // Each is taken, whatever becomes of those before it.
  const leave = async (): Promise<void> => {
    const step = steps.pop()
    if (step === undefined) return
    try {
      await step()
    } finally {
      await leave()
    }
  }
  steps.push(() => {
    running = false
  })
  try {
    const book = new LogBook(!options.quiet)
    steps.push(book.close)
    const { folder, config, sources, migrations, databases, prefix } = readSetup(options)
    const { cache, embedded, close } = await openStore(options.redis, prefix)
    steps.push(close, () => Cache.close())
    DB.configure(databases)
    steps.push(() => DB.close())
    const boot = { name: 'test', folder, config, cache, embedded }
    const base = await Base.open({ boot, sources, migrations, number: ++started, reaped: () => {}, tries })
    steps.push(() => base.stop('serverStops'))
    const listening = options.port ? await base.house.listen() : {}
    return new TestApp({ base, book, config, prefix, listening, leave })
  } catch (error) {
    await leave()
    throw error
  }
}

/** It was there a moment ago: a test is not going to wait for it. */
function tries(failed: number): void {
  if (failed > 0) throw new Error('the Redis of the option redis has gone away before the app had started')
}
