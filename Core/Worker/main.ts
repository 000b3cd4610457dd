import 'reflect-metadata'
import { Cache } from '../../Library/Cache/Cache'
import { DB } from '../../Library/DB/DB'
import { configureLog, log } from '../../Library/Log/Log'
import { type Ending, type Life, live, tell, tellLast, watchUserCode } from '../Handler'
import { GatewayAway, joinGateway, type WorkerLink } from '../Link/Socket'
import { processStatus } from '../Metrics/ProcessStatus'
import { readWorkerCounts } from '../Metrics/WorkerCounts'
import type { Boot, Order, Report } from '../Orders'
import { readConfig, readDb } from '../Project'
import { readTls } from '../Tls'
import { prepareDatabase } from './Database'
import { Fatigue } from './Fatigue'
import { loadMigrations, loadSources } from './Sources'
import { awaitStore } from './Store'
import { Watch } from './Watch'
import { Worker } from './Worker'

/** The process with the user's code. It holds no client socket, and may be replaced or die at any time. */
class WorkerProcess implements Life {
  #worker: Worker | undefined
  #boot: Boot | undefined
  /** By the path that its gateway listens on. */
  readonly #links = new Map<string, WorkerLink>()
  #ending = false

  async start(boot: Boot): Promise<Report> {
    const { folder, root, runtime, cache, link, name } = boot
    this.#boot = boot
    configureLog({ ...boot.config.log, runtime, name, ...(boot.copy ? { copy: boot.copy } : {}) })
    const watch = new Watch()
    watchUserCode(() => watch.inside(), false)
    const config = readConfig(root, process.env)
    readTls(folder, config.outside) // a reload with a certificate that cannot be used must not begin
    // Its thread takes a while to come up: not when this worker takes over from another one.
    watch.call({ runtime, level: config.log.level, name, limitMs: config.setting.stall_limit * 1000 })
    Cache.configure(cache)
    DB.configure(readDb(boot, process.env))
    const loads = (file: string) => tell({ report: 'loads', file })
    const sources = loadSources(root, loads)
    await prepareDatabase(loadMigrations(root, loads), loads)
    await awaitStore()
    const worker = new Worker(config, Cache.get('master'), sources, watch)
    this.#worker = worker
    await Promise.all(link.paths.map((path) => this.#joinIfThere(path)))
    watch.begin()
    new Fatigue(config.setting, worker, (reason) => tell({ report: 'worn', reason }))
    return { report: 'ready', config }
  }

  async order(order: Order): Promise<Report | undefined> {
    switch (order.order) {
      case 'hook':
        await this.#worker?.tellAll(order.hook)
        return { report: 'hooked' }
      case 'status':
        return this.#status()
      case 'join': {
        const { path } = order
        try {
          await this.#join(path)
          return { report: 'joined', path }
        } catch (error) {
          return { report: 'joined', path, failure: error instanceof Error ? error.message : String(error) }
        }
      }
      default:
        return undefined
    }
  }

  async stop(ending: Ending): Promise<void> {
    this.#ending = true
    const links = [...this.#links.values()]
    if (ending === 'orphaned' && links.length > 0) {
      // The gateways still need them, to tell controllers of the connections that they close.
      const late = (this.#boot?.config.setting.max_wait_time ?? 0) * 1000
      const lost = Promise.all(links.map((link) => link.lost))
      await Promise.race([lost, new Promise((resolve) => setTimeout(resolve, late))])
    }
    await Promise.all(links.map((link) => link.close()))
    await Promise.all([Cache.close(), DB.close()])
    await tellLast(this.#status())
  }

  #status(): Report {
    const calls = this.#worker?.calls ?? 0
    return { report: 'workerStatus', status: { ...processStatus(), calls, counts: readWorkerCounts() } }
  }

  /** A gateway that has died is replaced, and the supervisor says when the other one is to be joined. */
  async #joinIfThere(path: string): Promise<void> {
    try {
      await this.#join(path)
    } catch (error) {
      if (!(error instanceof GatewayAway)) throw error
      log.warn({ reason: error.message }, 'a gateway is not there; the worker starts without it')
    }
  }

  /**
   * @throws GatewayAway when the gateway is not there any more
   * @throws Error when it refuses this worker
   */
  async #join(path: string): Promise<void> {
    const boot = this.#boot
    if (this.#worker === undefined || boot === undefined) throw new Error('the worker has not started')
    if (this.#links.has(path)) return
    const link = await joinGateway(path, boot.link)
    this.#links.set(path, link)
    const { toWorker, lost } = this.#worker.serve(link.instance, link.toGateway)
    link.serve(toWorker)
    link.lost.then(() => {
      this.#links.delete(path)
      lost()
      // When the server stops, the order to do so too is on its way: the supervisor knows what it means.
      if (!this.#ending) tell({ report: 'unlinked', path })
    })
  }
}

live(new WorkerProcess())
