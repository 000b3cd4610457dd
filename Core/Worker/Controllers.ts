import type { DependencyContainer, InjectionToken } from 'tsyringe'
import { type ActionOptions, actionsOf } from '../App/Action'
import type { App } from '../App/App'
import { describeFault } from '../Fault'
import type { Handling } from '../Metrics/Handling'
import { handlingOf } from '../Metrics/WorkerCounts'
import { match } from '../Wire/Router'
import type { Source } from './Sources'

/** A declared action, ready to be called. */
export interface ActionEntry {
  /** `Module.Controller.method`, as the code spells it. */
  readonly name: string
  readonly types: ReadonlySet<string> | undefined
  readonly options: ActionOptions
  readonly run: (app: App, data: object) => unknown
  /** What became of its calls. */
  readonly handling: Handling
}

/** Why there is nothing to call: what the caller is answered. */
type Unroutable = 'controllerNotFound' | 'methodNotFound'

export const HOOKS = ['onMessage', 'onClose', 'onReload', 'onShutdown'] as const
export type Hook = (typeof HOOKS)[number]

/** A controller and the hooks that it has. */
export interface ControllerEntry {
  readonly name: string
  readonly hooks: ReadonlyMap<Hook, (app: App, data: object) => unknown>
  /** Takes the calls of actions that are not declared. */
  readonly fallback: ActionEntry | undefined
}

type Constructor = Extract<InjectionToken<object>, new (...parameters: never[]) => object>

/** Code under App/ that cannot be used: one line a fault, with file, class, action and cure. */
export class LoadError extends Error {
  override name = 'LoadError'
}

/**
 * All that clients can call, built once. Looked up by lower-case names in Maps only: no name that a client sends can reach anything
 * that was not declared.
 */
export class Controllers {
  readonly #actions = new Map<string, ActionEntry>()
  readonly #controllers = new Map<string, ControllerEntry>()

  /**
   * @param container makes the controllers, and hands them what their constructors want
   * @throws LoadError that names every fault
   */
  constructor(sources: readonly Source[], container: DependencyContainer) {
    const faults: string[] = []
    for (const source of sources) {
      try {
        this.#add(source, container)
      } catch (error) {
        if (!(error instanceof LoadError)) throw error
        faults.push(error.message)
      }
    }
    if (faults.length > 0) throw new LoadError(faults.join('\n'))
  }

  get actions(): Iterable<ActionEntry> {
    return this.#actions.values()
  }

  get all(): Iterable<ControllerEntry> {
    return this.#controllers.values()
  }

  /** @param method as the client sent it @returns what is called, or why there is nothing */
  find(method: unknown): ActionEntry | Unroutable {
    // Most clients spell a name as it stands in the table.
    if (typeof method === 'string') {
      const entry = this.#actions.get(method)
      if (entry) return entry
    }
    const name = match(method)
    return name === undefined ? 'controllerNotFound' : this.#named(name)
  }

  /** @param name lower-case `module.controller.action` */
  #named(name: string): ActionEntry | Unroutable {
    const entry = this.#actions.get(name)
    if (entry) return entry
    const controller = this.#controllers.get(name.slice(0, name.lastIndexOf('.')))
    return controller === undefined ? 'controllerNotFound' : (controller.fallback ?? 'methodNotFound')
  }

  /** @param name `Module.Controller`; case does not matter */
  controller(name: string): ControllerEntry | undefined {
    return this.#controllers.get(name.toLowerCase())
  }

  #add({ file, module, name, exported }: Source, container: DependencyContainer): void {
    const full = `${module}.${name}`
    const key = full.toLowerCase()
    const fault = (what: string) => new LoadError(`${file}: ${what}`)
    if (this.#controllers.has(key)) {
      throw fault(`the controller ${full} is there twice; names must differ by more than case, so rename one of them`)
    }
    if (!isConstructor(exported)) throw fault(`exports no class ${name}; a controller is a class named as its file`)
    const instance = construct(exported, name, container, fault)
    const prototype: object = exported.prototype
    const hooks = new Map<Hook, (app: App, data: object) => unknown>()
    for (const hook of HOOKS) {
      const method: unknown = Reflect.get(instance, hook)
      if (typeof method === 'function') hooks.set(hook, (app, data) => method.call(instance, app, data))
    }
    this.#controllers.set(key, { name: full, hooks, fallback: fallbackOf(full, hooks.get('onMessage')) })
    const [[fixed] = []] = actionsOf(exported)
    if (fixed !== undefined) {
      throw fault(
        `${name}.${fixed} is static; an action is a method of the controller that was made, so take static off it`,
      )
    }
    const actions = actionsOf(prototype)
    for (const [method, options] of actions) {
      const lower = `${key}.${method.toLowerCase()}`
      if (HOOKS.some((hook) => hook.toLowerCase() === method.toLowerCase())) {
        throw fault(`${name}.${method} is a hook, which no client may call; take @action off it`)
      }
      if (this.#actions.has(lower))
        throw fault(`${name} declares ${method} twice; names must differ by more than case, so rename one`)
      const run: unknown = Reflect.get(instance, method)
      if (typeof run !== 'function') throw fault(`${name}.${method} is no method; @action stands before methods only`)
      this.#actions.set(lower, {
        name: `${full}.${method}`,
        types: checkOptions(options, (what) => fault(`${name}.${method}: ${what}`)),
        options,
        run: (app, data) => run.call(instance, app, data),
        handling: handlingOf(`${full}.${method}`),
      })
    }
    if (actions.size === 0 && hooks.size === 0) {
      throw fault(
        `${name} declares no action and no hook; put @action() before each method that clients may call (and see that there is one copy of mswoole-ts only)`,
      )
    }
  }
}

function fallbackOf(controller: string, run: ActionEntry['run'] | undefined): ActionEntry | undefined {
  if (run === undefined) return undefined
  const name = `${controller}.onMessage`
  return { name, types: undefined, options: {}, run, handling: handlingOf(name) }
}

function isConstructor(value: unknown): value is Constructor {
  return typeof value === 'function' && typeof value.prototype === 'object'
}

function construct(
  wanted: Constructor,
  name: string,
  container: DependencyContainer,
  fault: (what: string) => LoadError,
): object {
  try {
    return container.resolve(wanted)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (message.includes('TypeInfo not known')) {
      throw fault(
        `${name} cannot be made: its constructor wants something that cannot be found by type. Put @controller() before the class (and before the classes that it wants, if their constructors have parameters), and import those without "type"`,
      )
    }
    throw fault(`${name} cannot be made, its constructor failed: ${describeFault(error)}. Correct it and build again`)
  }
}

const OPTIONS = new Set(['for', 'refuse', 'data'])

/** @returns the auth types that may call, undefined: anybody */
function checkOptions(options: ActionOptions, fault: (what: string) => LoadError): ReadonlySet<string> | undefined {
  for (const option of Object.keys(options)) {
    if (!OPTIONS.has(option)) throw fault(`${option} is no option of an action; these are: ${[...OPTIONS].join(', ')}`)
  }
  const { refuse, data } = options
  if (refuse !== undefined && !isRefuse(refuse)) {
    throw fault("refuse is [status, event, info], for example [403, 'mustBeWall', '仅允许大屏幕用户连入']")
  }
  if (data !== undefined && typeof data?.['~standard']?.validate !== 'function') {
    throw fault('data is no schema; give it one of zod, valibot, arktype or another with Standard Schema')
  }
  if (options.for === undefined) {
    if (refuse !== undefined) throw fault('refuse without for refuses nobody; name the auth types that may call in for')
    return undefined
  }
  const types = [options.for].flat()
  if (types.length === 0 || types.some((type) => typeof type !== 'string' || type === '')) {
    throw fault('for is an auth type or a list of them')
  }
  return new Set(types)
}

function isRefuse(refuse: unknown): boolean {
  if (!Array.isArray(refuse)) return false
  const [status, event, info] = refuse
  return Number.isInteger(status) && typeof event === 'string' && typeof info === 'string'
}
