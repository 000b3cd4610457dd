import { configureLog, log } from '../../Library/Log/Log'
import { dieOfErrors, type Ending, EXIT, exit, type Life, live, tell, tellLast } from '../Handler'
import { LinkServer } from '../Link/Socket'
import type { Boot, Order, Report } from '../Orders'
import { engineVersion } from './Engine'
import { House } from './House'

/** How often it is looked whether the workers have ended, in milliseconds. */
const LOOK_MS = 50

/** The process with the client sockets. It runs no user code. */
class GatewayProcess implements Life {
  #house: House | undefined
  #links: LinkServer | undefined
  #boot: Boot | undefined

  async start(boot: Boot): Promise<Report> {
    const { config, runtime, name, copy } = boot
    configureLog({ ...config.log, runtime, name, ...(copy ? { copy } : {}) })
    this.#boot = boot
    const house = await House.open(boot, {
      drained: (worker) => tell({ report: 'drained', worker }),
      broken: (worker, reason) => tell({ report: 'broken', worker, reason }),
      reaped: () => exit(EXIT.failed), // the supervisor starts another one, which has a number of its own
    })
    this.#house = house
    this.#links = new LinkServer(boot.link.secret, house.gateway.workers)
    const [path = ''] = boot.link.paths
    await this.#links.listen(path)
    return { report: 'ready', engine: engineVersion, identity: house.gateway.identity }
  }

  async order(order: Order): Promise<Report | undefined> {
    const house = this.#house
    if (house === undefined) return undefined
    switch (order.order) {
      case 'listen':
        return { report: 'listening', ports: await house.listen(order.outside) }
      case 'unlisten':
        await house.unlisten()
        return { report: 'unlistened' }
      case 'drain':
        return await house.drain(order.ms)
      case 'reap':
        house.gateway.reap(order.identity)
        return undefined
      case 'status':
        return { report: 'gatewayStatus', status: house.status() }
      case 'say':
      case 'kick':
        return await house.reach(order)
      case 'audit':
        return await house.audit(order.fix)
      case 'muster':
        return { report: 'mustered', missing: house.gateway.workers.missing(order.workers) }
      case 'assign':
        return await this.#assign(house, order)
      default:
        return undefined
    }
  }

  async #assign(house: House, { workers, config }: Extract<Order, { order: 'assign' }>): Promise<Report> {
    const missing = house.gateway.assign(workers, config)
    if (config && missing.length === 0) {
      await house.renewTls().catch((error: unknown) => {
        log.error({ err: error }, 'a certificate has changed and cannot be used; the old one goes on')
      })
    }
    return { report: 'assigned', missing }
  }

  async stop(ending: Ending): Promise<void> {
    const house = this.#house
    if (house === undefined) return
    if (ending === 'orphaned') await this.#endOrphaned(house)
    else await house.stop(ending)
    this.#links?.close()
    await tellLast({ report: 'gatewayStatus', status: house.status() })
    log.info('stopped')
  }

  /** The supervisor has died: nobody else ends the workers and the store. */
  async #endOrphaned(house: House): Promise<void> {
    const { max_wait_time = 0, reactor_num = 1 } = this.#boot?.config.setting ?? {}
    const late = new Promise<void>((resolve) => setTimeout(resolve, max_wait_time * 1000))
    await Promise.race([house.stop('serverStops'), late])
    const workers = house.gateway.workers.pids
    this.#links?.close()
    // Other gateways may still need them, and the store: they end by themselves when the last one has let them go.
    if (reactor_num > 1) await Promise.race([ended(workers), late])
    // One of them may be looping, and would go on for ever.
    for (const pid of workers) signal(pid, 'SIGKILL')
    await house.endStore()
  }
}

/** Resolves when none of these processes is there any more. */
async function ended(pids: readonly number[]): Promise<void> {
  while (pids.some((pid) => signal(pid, 0))) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
}

/** @returns whether there was such a process */
function signal(pid: number, name: 'SIGKILL' | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false // it has ended
  }
}

dieOfErrors()
live(new GatewayProcess())
