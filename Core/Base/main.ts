import { DB } from '../../Library/DB/DB'
import { configureLog, log } from '../../Library/Log/Log'
import { engineVersion } from '../Gateway/Engine'
import { type Ending, EXIT, exit, type Life, live, tell, tellLast, watchUserCode } from '../Handler'
import { readWorkerCounts } from '../Metrics/WorkerCounts'
import type { Boot, Order, Report } from '../Orders'
import { readConfig, readDb } from '../Project'
import { readTls } from '../Tls'
import { Base, loadMigrations, loadSources } from './Base'

/** Base mode: the one process. */
class BaseProcess implements Life {
  #base: Base | undefined

  async start(boot: Boot): Promise<Report> {
    const { folder, root, runtime, name, link } = boot
    // A restart brings new code and its configuration.
    const config = readConfig(root, process.env)
    configureLog({ ...config.log, runtime, name })
    readTls(folder, config.outside)
    DB.configure(readDb(boot, process.env))
    const loads = (file: string) => tell({ report: 'loads', file })
    const base = await Base.open({
      boot: { ...boot, config },
      sources: loadSources(root, loads),
      migrations: loadMigrations(root, loads),
      number: link.worker,
      reaped: () => exit(EXIT.failed),
      tries: () => tell({ report: 'loads', file: 'Redis' }), // its absence is no start that hangs
    })
    this.#base = base
    watchUserCode(() => base.inside(), true) // the connections live here: a throw in a timer must not end them
    return { report: 'ready', engine: engineVersion, identity: base.house.gateway.identity, config }
  }

  async order(order: Order): Promise<Report | undefined> {
    const house = this.#base?.house
    switch (order.order) {
      case 'listen':
        return { report: 'listening', ports: (await house?.listen(order.outside)) ?? {} }
      case 'unlisten':
        await house?.unlisten()
        return { report: 'unlistened' }
      case 'drain':
        return await house?.drain(order.ms)
      case 'hook':
        await this.#base?.tellAll(order.hook)
        return { report: 'hooked' }
      case 'status':
        return this.#status()
      case 'say':
      case 'kick':
        return await house?.reach(order)
      case 'audit':
        return await house?.audit(order.fix)
      case 'reap':
        house?.gateway.reap(order.identity)
        return undefined
      default:
        return undefined
    }
  }

  async stop(ending: Ending): Promise<void> {
    await this.#base?.stop(ending)
    await tellLast(this.#status())
    log.info('stopped')
  }

  #status(): Report | undefined {
    if (this.#base === undefined) return undefined
    const status = this.#base.house.status()
    const { memory, heap, uptime, delayMs } = status
    const worker = { memory, heap, uptime, delayMs, calls: this.#base.calls, counts: readWorkerCounts() }
    return { report: 'gatewayStatus', status, worker }
  }
}

live(new BaseProcess())
