import type { AppConfig } from '../../Library/Config/Schema'
import type { Boot, Reached } from '../Orders'
import type { Audit, CrewView, Errand } from './Inquiry'

/** What a crew tells of itself when it has started. */
export interface Manned {
  readonly engine: string
  readonly ports: Readonly<Record<string, number>>
  readonly gateways: number
  readonly workers: number
}

/** What every process is given; the crew adds its name and its link. */
export type Supplies = Omit<Boot, 'name' | 'link' | 'copy'>

/** What a process with user code may take beyond `stall_limit` to start, in milliseconds. */
export const START_GRACE_MS = 5000

/** Time that a stop has beyond what its hooks may take, in milliseconds. */
export const STOP_GRACE_MS = 2000

/** For a change that has to wait for another one. @returns what tells of it */
export const waits = (progress: (step: string) => void) => () => progress('another change is under way; this one waits')

/** The processes that do the work, in one of the two modes. */
export interface Crew {
  /** That of the code which serves. */
  readonly config: AppConfig
  /**
   * @param meanwhile called when the processes load the kernel; they start when it has been done
   * @throws Error that says why it cannot; no process is left then
   */
  start(meanwhile: () => Promise<void>): Promise<Manned>
  /**
   * Brings new code in.
   * @param progress told of each step, for people
   * @returns when no old code runs any more
   * @throws Error that says why nothing has changed
   */
  reload(progress: (step: string) => void): Promise<void>
  /**
   * Replaces every process, so that kernel code, ports and the number of processes may be other ones: new processes listen before the
   * old ones tell their clients to come back (1012).
   * @param progress told of each step, for people
   * @returns when no old process runs any more
   * @throws Error that says why nothing has changed
   */
  restart(progress: (step: string) => void): Promise<void>
  /** How its processes are doing; one that does not answer is left out. */
  status(): Promise<CrewView>
  /** Says something to connections on whatever machine, or closes them. @throws Error that says why it could not */
  reach(errand: Errand): Promise<Reached>
  /** What its gateways have on record and do not hold; with `fix` it is taken off. @throws Error that says why one could not look */
  audit(fix: boolean): Promise<Audit[]>
  /** Ends all in good order. @param deadlineMs milliseconds; then what still runs is killed @returns whether that was not needed */
  stop(deadlineMs: number): Promise<boolean>
  /** Ends all at once. */
  kill(): void
}
