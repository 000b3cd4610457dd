import 'reflect-metadata'
import { Cache } from '../../Library/Cache/Cache'
import { configureLog, log } from '../../Library/Log/Log'
import { engineVersion } from '../Gateway/Engine'
import { Gateway } from '../Gateway/Gateway'
import { Outside } from '../Gateway/Outside'
import { type Life, live } from '../Handler'
import { InlineLink } from '../Link/Inline'
import type { Boot, Report } from '../Orders'
import { loadSources } from '../Worker/Sources'
import { Worker } from '../Worker/Worker'

/** The client of the gateway, which alone writes the record: its commands of one turn of the loop go out together, in order. */
const RECORD = 'record'

/** The number of the only worker. */
const WORKER = 1

/** How long the store may take to answer at the start, in milliseconds. */
const STORE_WAIT_MS = 10_000

/** Base mode: a gateway and a worker in one process, joined by the inline link. The only place that knows both. */
class Base implements Life {
  #gateway: Gateway | undefined
  #worker: Worker | undefined
  #outsides: Outside[] = []
  #embedded = false

  async start({ root, runtime, config, cache, embedded }: Boot): Promise<Report> {
    configureLog({ runtime, name: 'base', ...config.log })
    this.#embedded = embedded
    Cache.configure({ ...cache, [RECORD]: { ...cache.master, options: { enableAutoPipelining: true } } })
    await Promise.all([RECORD, 'master'].map((name) => Cache.ready(name, STORE_WAIT_MS)))
    const gateway = await Gateway.claim(config, Cache.get(RECORD), embedded ? 0 : 1, {
      drained: () => {},
      lost: () => {},
    })
    const link = new InlineLink()
    const worker = new Worker(config, Cache.get('master'), link.toGateway, loadSources(root))
    link.serve(worker, gateway.joined({ id: WORKER, pid: process.pid, toWorker: link.toWorker }))
    gateway.assign([WORKER])
    this.#gateway = gateway
    this.#worker = worker
    const ports: Record<string, number> = {}
    for (const [name, port] of Object.entries(config.outside)) {
      const { package_max_length: frameLimit, socket_buffer_size: bufferLimit } = config.setting
      const outside = new Outside(gateway, { name, ...port, frameLimit, bufferLimit })
      this.#outsides.push(outside)
      ports[name] = await outside.listen()
    }
    log.info({ ports }, 'listening')
    return { report: 'ready', engine: engineVersion, ports }
  }

  async stop(orphaned: boolean): Promise<void> {
    for (const outside of this.#outsides) outside.stopListening()
    await this.#worker?.tellAll('onShutdown')
    await this.#gateway?.stop('serverStops')
    // Nobody is left to end the embedded store.
    if (orphaned && this.#embedded)
      await Cache.get(RECORD)
        .shutdown('NOSAVE')
        .catch(() => {})
    await Cache.close()
    log.info('stopped')
  }
}

live(new Base())
