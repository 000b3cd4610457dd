import 'reflect-metadata'
import { Cache } from '../../Library/Cache/Cache'
import { configureLog, log } from '../../Library/Log/Log'
import { engineVersion } from '../Gateway/Engine'
import { House } from '../Gateway/House'
import { type Ending, EXIT, exit, type Life, live, tell, tellLast, watchUserCode } from '../Handler'
import { InlineLink } from '../Link/Inline'
import { readWorkerCounts } from '../Metrics/WorkerCounts'
import type { Boot, Order, Report } from '../Orders'
import { readConfig } from '../Project'
import { loadSources } from '../Worker/Sources'
import { awaitStore } from '../Worker/Store'
import { Watch } from '../Worker/Watch'
import { Worker } from '../Worker/Worker'

/** Base mode: a gateway and a worker in one process, joined by the inline link. The only place that knows both. */
class Base implements Life {
  #house: House | undefined
  #worker: Worker | undefined

  async start(boot: Boot): Promise<Report> {
    const { root, runtime, name, link } = boot
    // A restart brings new code and its configuration.
    const config = readConfig(root, process.env)
    configureLog({ ...config.log, runtime, name })
    const sources = loadSources(root, (file) => tell({ report: 'loads', file }))
    const house = await House.open(
      { ...boot, config },
      {
        drained: () => {},
        broken: () => {},
        reaped: () => exit(EXIT.failed),
      },
      () => tell({ report: 'loads', file: 'Redis' }), // its absence is no start that hangs
    )
    await awaitStore()
    const inline = new InlineLink()
    const watch = new Watch()
    const worker = new Worker(config, Cache.get('master'), sources, watch)
    const { toWorker } = worker.serve(house.gateway.instance, inline.toGateway)
    inline.serve(
      toWorker,
      house.gateway.workers.joined({ id: link.worker, pid: process.pid, toWorker: inline.toWorker }),
    )
    house.gateway.assign([link.worker])
    this.#house = house
    this.#worker = worker
    watchUserCode(() => watch.inside(), true) // the connections live here: a throw in a timer must not end them
    return { report: 'ready', engine: engineVersion, identity: house.gateway.identity, config }
  }

  async order(order: Order): Promise<Report | undefined> {
    switch (order.order) {
      case 'listen':
        return { report: 'listening', ports: (await this.#house?.listen(order.outside)) ?? {} }
      case 'unlisten':
        await this.#house?.unlisten()
        return { report: 'unlistened' }
      case 'drain':
        return await this.#house?.drain(order.ms)
      case 'hook':
        await this.#worker?.tellAll(order.hook)
        return { report: 'hooked' }
      case 'status':
        return this.#status()
      case 'say':
      case 'kick':
        return await this.#house?.reach(order)
      case 'audit':
        return await this.#house?.audit(order.fix)
      case 'reap':
        this.#house?.gateway.reap(order.identity)
        return undefined
      default:
        return undefined
    }
  }

  async stop(ending: Ending): Promise<void> {
    await this.#house?.stop(ending === 'orphaned' ? 'serverStops' : ending)
    if (ending === 'orphaned') await this.#house?.endStore()
    await Cache.close()
    await tellLast(this.#status())
    log.info('stopped')
  }

  #status(): Report | undefined {
    if (this.#house === undefined) return undefined
    const status = this.#house.status()
    const { memory, heap, uptime, delayMs } = status
    const worker = { memory, heap, uptime, delayMs, calls: this.#worker?.calls ?? 0, counts: readWorkerCounts() }
    return { report: 'gatewayStatus', status, worker }
  }
}

live(new Base())
