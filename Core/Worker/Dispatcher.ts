import type { StandardSchemaV1 } from '@standard-schema/spec'
import { isStoreAway } from '../../Library/Cache/Cache'
import type { AppConfig } from '../../Library/Config/Schema'
import { isDatabaseAway } from '../../Library/DB/DB'
import { deadline } from '../../Library/Deadline'
import { log } from '../../Library/Log/Log'
import { App } from '../App/App'
import { Call } from '../App/Call'
import { Refusal } from '../App/Failures'
import type { Kernel } from '../App/Kernel'
import { CLOSES } from '../Errors'
import type { Handling } from '../Metrics/Handling'
import { workerCounts } from '../Metrics/WorkerCounts'
import { copyOf, TooDeep } from '../Wire/Filter'
import { acknowledgement, type CallId, decode, encode, encodeReply, type Request } from '../Wire/Protocol'
import type { ActionEntry, Controllers, Hook } from './Controllers'
import type { Peer } from './Peer'
import type { Watch } from './Watch'

/** Takes one message from its bytes to its answers. Stays synchronous until something really is asynchronous. */
export class Dispatcher {
  readonly #controllers: Controllers
  readonly #kernel: Kernel
  readonly #acknowledge: boolean
  readonly #timeoutMs: number
  readonly #watch: Watch

  constructor(controllers: Controllers, kernel: Kernel, config: AppConfig, watch: Watch) {
    this.#controllers = controllers
    this.#kernel = kernel
    this.#acknowledge = config.ack
    this.#timeoutMs = config.setting.controller_timeout * 1000
    this.#watch = watch
  }

  /** @returns a promise only when the action made one */
  message(peer: Peer, text: string): void | Promise<void> {
    const { toGateway } = peer.link
    const request = decode(text)
    if (request === undefined) {
      workerCounts.unroutable['not a JSON object']++
      return toGateway.end(peer.fd, CLOSES.notAnObject.code, CLOSES.notAnObject.reason)
    }
    const callId = isCallId(request.callId) ? request.callId : undefined
    if (this.#acknowledge) {
      const { head, tail } = acknowledgement(callId)
      toGateway.send(peer.fd, head, false, tail)
    }
    const entry = this.#controllers.find(request.method)
    if (typeof entry === 'string') {
      workerCounts.unroutable[entry]++
      return toGateway.send(peer.fd, encodeReply(entry, undefined, callId), false)
    }
    const call = new Call(peer, entry.name, callId)
    return this.#run(peer, call, () => this.#action(peer, call, entry, request), entry.handling)
  }

  /** Runs a hook of a controller as a call of the connection's; a failure is logged, there is nobody to be told. */
  hook(peer: Peer, hook: Hook, controller: string, data: object): void | Promise<void> {
    const entry = this.#controllers.controller(controller)
    const run = entry?.hooks.get(hook)
    if (run === undefined) {
      log.warn(
        { fd: peer.fd, controller, hook },
        'a hook was skipped: this code has no such controller, or it has no such hook',
      )
      return
    }
    const call = new Call(peer, `${controller}.${hook}`)
    return this.#run(peer, call, () => run(new App(this.#kernel, call), data))
  }

  /** The only try and catch around user code. @param handling where the call is counted; hooks are not */
  #run(peer: Peer, call: Call, work: () => unknown, handling?: Handling): void | Promise<void> {
    const began = performance.now()
    const ended = () => handling?.add(call.outcome, performance.now() - began)
    peer.call = call
    this.#watch.began(call.action)
    try {
      const result = work()
      this.#watch.returned()
      if (isPromise(result) || call.wrote) return this.#settle(peer, call, result, ended)
    } catch (error) {
      this.#watch.returned()
      if (call.wrote) return this.#settle(peer, call, Promise.reject(error), ended)
      this.#fail(call, error)
    }
    peer.call = undefined
    ended()
  }

  #action(peer: Peer, call: Call, entry: ActionEntry, request: Request): unknown {
    const { types, options } = entry
    if (types !== undefined && (peer.auth === undefined || !types.has(peer.auth.type))) {
      call.outcome = 'forbidden'
      if (options.refuse === undefined) return this.#reply(call, encodeReply('forbidden', undefined, call.callId))
      const [status, event, info] = options.refuse
      return this.#reply(call, encode(status, event, info, undefined, call.callId))
    }
    const fields = fieldsOf(request)
    const app = new App(this.#kernel, call)
    if (options.data === undefined) return entry.run(app, this.#data(peer, fields))
    const checked = options.data['~standard'].validate(fields)
    if (isPromise(checked)) return checked.then((result) => this.#checked(peer, call, entry, app, result))
    return this.#checked(peer, call, entry, app, checked)
  }

  #checked(peer: Peer, call: Call, entry: ActionEntry, app: App, result: StandardSchemaV1.Result<unknown>): unknown {
    if (result.issues) {
      call.outcome = 'invalid'
      return this.#reply(call, encodeReply('invalidParam', describe(result.issues), call.callId))
    }
    if (typeof result.value !== 'object' || result.value === null) {
      throw new TypeError(`the schema of ${entry.name} gave ${typeof result.value}; the data of an action is an object`)
    }
    return entry.run(app, this.#data(peer, copyOf(result.value)))
  }

  /** What the action gets: `fields`, an object of our own, clean and with what only the kernel may say. */
  #data(peer: Peer, fields: Record<string, unknown>): object {
    const data = this.#kernel.clean(fields)
    data.fd = peer.fd
    if (peer.auth !== undefined) {
      data.code = peer.code
      data.auth = peer.auth
    } else {
      // Nobody known: what a client says of himself is nothing.
      if ('code' in data) delete data.code
      if ('auth' in data) delete data.auth
    }
    return data
  }

  /** The call ends when its promise and its writes do, or when its time is over. */
  #settle(peer: Peer, call: Call, result: unknown, ended: () => void): Promise<void> {
    this.#watch.waits(call.action)
    return new Promise((resolve) => {
      const stopTheClock = deadline(this.#timeoutMs, () => {
        this.#reply(call, encodeReply('controllerTimeout', undefined, call.callId))
        call.timeOut()
        log.warn(
          { fd: call.fd, action: call.action },
          `an action took longer than ${this.#timeoutMs} ms and was answered 504`,
        )
        end()
      })
      const end = () => {
        stopTheClock()
        this.#watch.settled(call.action)
        ended()
        if (peer.call === call) peer.call = undefined
        resolve()
      }
      const finish = async () => {
        try {
          await workOf(call, result)
        } catch (error) {
          this.#fail(call, error)
        }
        if (!call.over) end()
      }
      finish()
    })
  }

  #fail(call: Call, error: unknown): void {
    const { fd, action, callId } = call
    if (call.over) return log.warn({ err: error, fd, action }, 'an action failed after it had been answered 504')
    if (error instanceof Refusal) return this.#refuse(call, error)
    if (error instanceof TooDeep) {
      call.outcome = 'invalid'
      return this.#reply(call, encodeReply('invalidParam', [{ path: '', message: error.message }], callId))
    }
    const database = isDatabaseAway(error)
    if (database || isStoreAway(error)) {
      call.outcome = 'unavailable'
      const what = database ? 'its database' : 'Redis'
      log.warn({ fd, action, reason: String(error) }, `an action could not reach ${what} and was answered 503`)
      return this.#reply(call, encodeReply('serviceUnavailable', undefined, callId))
    }
    call.outcome = 'failed'
    log.error({ err: error, fd, action }, 'an action failed')
    this.#reply(call, encodeReply('controllerError', undefined, callId))
  }

  /** What it is refused with is user code's own, and may be nothing that can be sent. */
  #refuse(call: Call, { status, event, info, param }: Refusal): void {
    call.outcome = 'refused'
    try {
      this.#reply(call, encode(status, event, info, param, call.callId))
    } catch (error) {
      this.#fail(call, error)
    }
  }

  #reply({ fd, link }: Call, text: string): void {
    link.toGateway.send(fd, text, false)
  }
}

/**
 * Waits for the action and for its writes, however the action ends.
 * @throws what the action failed with, else what a write failed with that user code never looked at
 */
async function workOf(call: Call, result: unknown): Promise<void> {
  try {
    await result
  } catch (error) {
    await call.settle().catch(() => {}) // the caller is told of the action's own failure
    throw error
  }
  await call.settle()
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

// Number.isFinite: JSON can read 1e999, and not write it.
const isCallId = (value: unknown): value is CallId => typeof value === 'string' || Number.isFinite(value)

/** The client's fields without what the kernel takes out of them. */
function fieldsOf({ method: _, callId, ...fields }: Request): Record<string, unknown> {
  return callId === undefined || isCallId(callId) ? fields : { ...fields, callId }
}

/** The fields that a schema did not accept, for the client. */
function describe(issues: readonly StandardSchemaV1.Issue[]): { path: string; message: string }[] {
  return issues.map(({ path = [], message }) => ({
    path: path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    message,
  }))
}
