import { configureLog, log } from '../../Library/Log/Log'
import { dieOfErrors, type Ending, EXIT, exit, type Life, live, tell } from '../Handler'
import { LinkServer } from '../Link/Socket'
import type { Boot, Order, Report } from '../Orders'
import { engineVersion } from './Engine'
import { House } from './House'

/** The process with the client sockets. It runs no user code. */
class GatewayProcess implements Life {
  #house: House | undefined
  #links: LinkServer | undefined
  #boot: Boot | undefined

  async start(boot: Boot): Promise<Report> {
    configureLog({ ...boot.config.log, runtime: boot.runtime, name: boot.name })
    this.#boot = boot
    const house = await House.open(boot, {
      drained: (worker) => tell({ report: 'drained', worker }),
      broken: (worker, reason) => tell({ report: 'broken', worker, reason }),
      reaped: () => exit(EXIT.failed), // the supervisor starts another one, which has a number of its own
    })
    this.#house = house
    this.#links = new LinkServer(boot.link.secret, house.gateway)
    const [path = ''] = boot.link.paths
    await this.#links.listen(path)
    return { report: 'ready', engine: engineVersion, identity: house.gateway.identity }
  }

  async order(order: Order): Promise<Report | undefined> {
    const house = this.#house
    if (house === undefined) return undefined
    switch (order.order) {
      case 'listen':
        return { report: 'listening', ports: await house.listen() }
      case 'unlisten':
        house.unlisten()
        return { report: 'unlistened' }
      case 'reap':
        house.gateway.reap(order.identity)
        return undefined
      case 'muster':
        return { report: 'mustered', missing: house.gateway.muster(order.workers) }
      case 'assign':
        return { report: 'assigned', missing: house.gateway.assign(order.workers, order.config) }
      default:
        return undefined
    }
  }

  async stop(ending: Ending): Promise<void> {
    const house = this.#house
    if (house === undefined) return
    if (ending !== 'orphaned') {
      await house.stop(ending)
    } else {
      const late = (this.#boot?.config.setting.max_wait_time ?? 0) * 1000
      await Promise.race([house.stop('serverStops'), new Promise((resolve) => setTimeout(resolve, late))])
      // One of them may be looping, and would go on for ever.
      for (const pid of house.gateway.workerPids) killIfThere(pid)
      await house.endStore()
    }
    this.#links?.close()
    log.info('stopped')
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself, and the end of its link is still to be read.
  }
}

dieOfErrors()
live(new GatewayProcess())
