import 'reflect-metadata'
import { Cache } from '../../Library/Cache/Cache'
import { configureLog, log } from '../../Library/Log/Log'
import { type Ending, EXIT, exit, type Life, live, tell, watchUserCode } from '../Handler'
import { joinGateway, type WorkerLink } from '../Link/Socket'
import type { Boot, Order, Report } from '../Orders'
import { readConfig } from '../Project'
import { Fatigue } from './Fatigue'
import { loadSources } from './Sources'
import { awaitStore } from './Store'
import { Watch } from './Watch'
import { Worker } from './Worker'

/** How long the supervisor may take to say what the end of the link means, in milliseconds. */
const ORDER_WAIT_MS = 500

/** The process with the user's code. It holds no client socket, and may be replaced or die at any time. */
class WorkerProcess implements Life {
  #worker: Worker | undefined
  #link: WorkerLink | undefined
  #boot: Boot | undefined
  #ending = false

  async start(boot: Boot): Promise<Report> {
    const { root, runtime, cache, link, name } = boot
    this.#boot = boot
    configureLog({ ...boot.config.log, runtime, name, ...(boot.copy ? { copy: boot.copy } : {}) })
    const watch = new Watch()
    watchUserCode(() => watch.inside(), false)
    const config = readConfig(root, process.env)
    Cache.configure(cache)
    const sources = loadSources(root, (file) => tell({ report: 'loads', file }))
    await awaitStore()
    const [path = ''] = link.paths
    const joined = await joinGateway(path, { secret: link.secret, worker: link.worker })
    this.#link = joined
    const worker = new Worker(config, Cache.get('master'), joined.toGateway, sources, watch)
    this.#worker = worker
    joined.serve(worker)
    joined.lost.then(() => this.#linkLost())
    watch.start({ runtime, level: config.log.level, name, limitMs: config.setting.stall_limit * 1000 })
    new Fatigue(config.setting, worker, (reason) => tell({ report: 'worn', reason }))
    return { report: 'ready', config }
  }

  async order(order: Order): Promise<Report | undefined> {
    if (order.order !== 'hook') return undefined
    await this.#worker?.tellAll(order.hook)
    return { report: 'hooked' }
  }

  async stop(ending: Ending): Promise<void> {
    this.#ending = true
    const link = this.#link
    if (ending === 'orphaned' && link) {
      // The gateway still needs it, to tell controllers of the connections that it closes.
      const late = (this.#boot?.config.setting.max_wait_time ?? 0) * 1000
      await Promise.race([link.lost, new Promise((resolve) => setTimeout(resolve, late))])
    }
    await link?.close()
    await Cache.close()
  }

  /** The gateway has stopped, and the order to do so too is on its way; or it has died. */
  #linkLost(): void {
    setTimeout(() => {
      if (this.#ending) return
      this.#ending = true
      log.error('the link to the gateway is lost; the worker ends')
      exit(EXIT.failed)
    }, ORDER_WAIT_MS)
  }
}

live(new WorkerProcess())
