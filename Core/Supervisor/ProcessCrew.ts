import { availableParallelism } from 'node:os'
import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import type { Reached } from '../Orders'
import type { Project } from '../Project'
import { type Crew, type Manned, STOP_GRACE_MS, type Supplies, waits } from './Crew'
import { Generation } from './Generation'
import type { Audit, CrewView, Errand } from './Inquiry'
import { reservePorts } from './Ports'
import { Queue } from './Queue'
import { Team } from './Team'
import { checkRestart } from './Unchangeable'

/** Process mode: gateways, and workers that are replaced at will. A restart replaces both, a whole team by another one. */
export class ProcessCrew implements Crew {
  readonly #project: Project
  readonly #supplies: Supplies
  readonly #socket: (name: string) => string
  /** Reloads, restarts, and the replacement of what is worn: one after the other. */
  readonly #changes = new Queue()
  #serving: Team | undefined
  /** At a restart: the one that takes over, until it does, and then the one that makes way. */
  #coming: Team | undefined
  #leaving: Team | undefined
  #generations = 0
  #sockets = 0
  #workers = 0
  #stopping = false

  /** @param socket gives the path of a unix socket of a name */
  constructor(project: Project, supplies: Supplies, socket: (name: string) => string) {
    this.#project = project
    this.#supplies = supplies
    this.#socket = socket
  }

  get config(): AppConfig {
    return this.#serving?.config ?? this.#supplies.config
  }

  async start(meanwhile: () => Promise<void>): Promise<Manned> {
    Generation.clear(this.#project)
    const team = this.#form(this.#take(), this.#project.config, this.#supplies)
    this.#serving = team
    try {
      const engine = await team.prepare(true, meanwhile)
      const { size } = team
      return { engine, ports: await team.listen(), ...size }
    } catch (error) {
      Generation.clear(this.#project)
      throw error
    }
  }

  reload(progress: (step: string) => void): Promise<void> {
    return this.#changes.run(() => this.#team.reload(this.#take(), progress), waits(progress))
  }

  restart(progress: (step: string) => void): Promise<void> {
    return this.#changes.run(() => this.#restart(progress), waits(progress))
  }

  /** At a restart both teams are there. */
  async status(): Promise<CrewView> {
    const views = await Promise.all([this.#leaving, this.#serving].flatMap((team) => team?.status() ?? []))
    return {
      gateways: views.flatMap(({ gateways }) => gateways),
      workers: views.flatMap(({ workers }) => workers),
    }
  }

  async reach(errand: Errand): Promise<Reached> {
    return this.#team.reach(errand)
  }

  async audit(fix: boolean): Promise<Audit[]> {
    const audits = await Promise.all([this.#leaving, this.#serving].flatMap((team) => team?.audit(fix) ?? []))
    return audits.flat()
  }

  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopping = true
    const [serving = true, leaving = true] = await Promise.all([
      this.#serving?.stop(deadlineMs),
      this.#leaving?.stop(deadlineMs),
      this.#coming?.kill(),
    ])
    Generation.clear(this.#project)
    return serving && leaving
  }

  kill(): void {
    this.#stopping = true
    for (const team of [this.#serving, this.#leaving, this.#coming]) team?.kill()
  }

  /** The one that serves. @throws Error when none does, or none is to */
  get #team(): Team {
    if (this.#stopping || this.#serving === undefined) throw new Error('the server stops')
    return this.#serving
  }

  /** A copy of the code as it is now. */
  #take(): Generation {
    return Generation.take(this.#project, ++this.#generations)
  }

  #form(generation: Generation, configured: AppConfig, supplies: Supplies): Team {
    const { worker_num } = configured.setting
    return new Team({
      supplies,
      configured,
      generation,
      workers: worker_num ?? (supplies.embedded ? 1 : availableParallelism()),
      changes: this.#changes,
      socket: () => this.#socket(`link-${++this.#sockets}.sock`),
      number: () => ++this.#workers,
    })
  }

  async #restart(progress: (step: string) => void): Promise<void> {
    const old = this.#team
    const generation = this.#take()
    const { team, ports } = await this.#open(old, generation, progress)
    this.#coming = undefined
    this.#serving = team
    this.#leaving = old
    await old.unlisten()
    log.info({ generation: generation.number, ports, ...team.size }, 'restart: new processes serve')
    progress('they serve; the old ones make way')
    const { drain_time, max_wait_time } = team.config.setting
    // The embedded store is for one gateway that knows everybody: two must not serve for longer than it takes to close.
    const drainMs = this.#supplies.embedded ? 0 : drain_time * 1000
    await old.leave(drainMs, max_wait_time * 1000 + STOP_GRACE_MS, team, progress)
    this.#leaving = undefined
    if (this.#stopping) throw new Error('the server stops')
    log.info({ generation: generation.number }, 'restart: the last old process has ended')
  }

  /** @returns a team that listens beside the old one @throws Error that says why nothing has changed */
  async #open(old: Team, generation: Generation, progress: (step: string) => void) {
    try {
      const configured = await old.scout(generation)
      checkRestart(old.configured, configured)
      const outside = await reservePorts(configured.outside, {
        asked: old.configured.outside,
        ours: old.config.outside,
      })
      if (this.#stopping) throw new Error('the server stops')
      const team = this.#form(generation, configured, { ...this.#supplies, config: { ...configured, outside } })
      this.#coming = team
      await team.prepare(false)
      const { gateways, workers } = team.size
      progress(`${count(gateways, 'new gateway')} and ${count(workers, 'new worker')} are ready`)
      return { team, ports: await team.listen() }
    } catch (error) {
      this.#coming = undefined
      generation.drop()
      throw error
    }
  }
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`
