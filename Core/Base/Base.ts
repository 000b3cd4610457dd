import 'reflect-metadata'
import { Cache } from '../../Library/Cache/Cache'
import { DB } from '../../Library/DB/DB'
import type { NamedMigration } from '../../Library/DB/Migrations'
import { House, type HouseBoot, type Tries } from '../Gateway/House'
import type { Ending } from '../Handler'
import { InlineLink } from '../Link/Inline'
import { FDS_AN_INSTANCE } from '../Record/Keys'
import type { Hook } from '../Worker/Controllers'
import { prepareDatabase } from '../Worker/Database'
import type { Source } from '../Worker/Sources'
import { awaitStore } from '../Worker/Store'
import { Watch } from '../Worker/Watch'
import { Worker } from '../Worker/Worker'

export { loadMigrations, loadSources, type Source } from '../Worker/Sources'

export interface BaseOptions {
  readonly boot: HouseBoot
  readonly sources: readonly Source[]
  readonly migrations: readonly NamedMigration[]
  /** The number of the worker, different at every start. */
  readonly number: number
  /** Others have taken this gateway for dead: it has to end. */
  readonly reaped: () => void
  /** Called before each try to reach Redis; what it throws ends the waiting. */
  readonly tries: Tries
}

/** A gateway and a worker in one process, joined by the inline link. The only place that knows both. */
export class Base {
  readonly house: House
  readonly #worker: Worker
  readonly #watch: Watch

  private constructor(house: House, worker: Worker, watch: Watch) {
    this.house = house
    this.#worker = worker
    this.#watch = watch
  }

  /** @throws LoadError when the controllers cannot be used, MigrationError, and what `House.open` throws */
  static async open({ boot, sources, migrations, number, reaped, tries }: BaseOptions): Promise<Base> {
    await prepareDatabase(migrations)
    const house = await House.open(boot, { drained: () => {}, broken: () => {}, reaped }, tries)
    try {
      await awaitStore()
      const inline = new InlineLink()
      const watch = new Watch()
      const worker = new Worker(boot.config, Cache.get('master'), sources, watch)
      const { toWorker } = worker.serve(house.gateway.instance, inline.toGateway)
      const joined = { id: number, pid: process.pid, toWorker: inline.toWorker }
      inline.serve(toWorker, house.gateway.workers.joined(joined))
      house.gateway.assign([number])
      return new Base(house, worker, watch)
    } catch (error) {
      await house.stop('serverStops')
      throw error
    }
  }

  /** Messages that the worker has taken so far. */
  get calls(): number {
    return this.#worker.calls
  }

  /** The actions that have begun and not ended. */
  inside(): string[] {
    return this.#watch.inside()
  }

  /** Runs a hook of every controller that has it. */
  tellAll(hook: Hook): Promise<void> {
    return this.#worker.tellAll(hook)
  }

  /** Resolves when every call has ended, and what they have sent was handed to the sockets, also by way of Redis. @throws StoreAway */
  async settled(): Promise<void> {
    const { gateway } = this.house
    await gateway.idle()
    // What was sent before a kick arrives before it; this one is for nobody: no connection gets the last number of an instance.
    await this.#worker.app.kick((gateway.instance + 1) * FDS_AN_INSTANCE - 1)
  }

  /** Closes every connection, and waits until each is off the record. */
  async stop(ending: Ending): Promise<void> {
    await this.house.stop(ending === 'orphaned' ? 'serverStops' : ending)
    if (ending === 'orphaned') await this.house.endStore()
    await Promise.all([Cache.close(), DB.close()])
  }
}
