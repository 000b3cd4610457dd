import type { StandardSchemaV1 } from '@standard-schema/spec'
import type * as Tsyringe from 'tsyringe'
import type { App } from './App'
import type { Anybody, Auth, Known } from './Auth'

/** What an action declares of itself. */
export interface ActionOptions {
  /** Auth types that may call it; without, anybody may. */
  readonly for?: string | readonly string[]
  /** What the others are told: status, event, info. Default 403 `forbidden`. */
  readonly refuse?: readonly [status: number, event: string, info: string]
  /** Checks and shapes what the client sent: any Standard Schema (zod, valibot, arktype ...). */
  readonly data?: StandardSchemaV1
}

/** The fields of a client that no schema has looked at. */
export interface Fields {
  readonly [field: string]: unknown
}

/** What a schema makes of the client's fields; those of the kernel cannot be taken over. Unions keep their shape. */
type Shaped<T> = T extends unknown
  ? { [Key in keyof T as Key extends keyof Known<string> ? never : Key]: T[Key] }
  : never

type Caller<Options> = Options extends { readonly for: infer For }
  ? Known<Extract<For extends readonly (infer Type)[] ? Type : For, string>>
  : Anybody

type Sent<Options> = Options extends { readonly data: infer Schema extends StandardSchemaV1 }
  ? Shaped<StandardSchemaV1.InferOutput<Schema>>
  : Fields

/** A declaration: put before a method of a controller, it makes the method an action. */
export interface Action<Given> {
  <Method extends (app: App, data: Given) => unknown>(
    controller: object,
    method: string,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void
  /** Never there; carries the type for `Data`. */
  readonly gives?: (data: Given) => void
}

/** What an action gets from the kernel: `data: Data<typeof Join>`. */
export type Data<Declaration> = Declaration extends { readonly gives?: (data: infer Given) => void } ? Given : never

const declarations = new WeakMap<object, Map<string, ActionOptions>>()

/** Declares an action: who may call it, and what it takes. */
export function action(): Action<Sent<object> & Caller<object>>
export function action<const Options extends ActionOptions>(options: Options): Action<Sent<Options> & Caller<Options>>
export function action(options: ActionOptions = {}): Action<Fields & Anybody> {
  return (controller, method) => {
    const declared = declarations.get(controller) ?? new Map<string, ActionOptions>()
    declarations.set(controller, declared.set(method, options))
  }
}

/** @returns by method what a controller's class declares, and the classes above it */
export function actionsOf(prototype: object): Map<string, ActionOptions> {
  const above: unknown = Object.getPrototypeOf(prototype)
  const inherited = typeof above === 'object' && above !== null ? actionsOf(above) : []
  return new Map([...inherited, ...(declarations.get(prototype) ?? [])])
}

/** Declares a class whose constructor wants other classes: they are made and handed over by type. It is tsyringe's `injectable`. */
export const controller: typeof Tsyringe.injectable = (options) => tsyringe().injectable(options)

/** Loaded when it is first needed: configuration files import this package, too. */
const tsyringe = (): typeof Tsyringe => require('tsyringe')

/** What a module sends: a name and the shape of its param, for typed clients and for docs. */
export interface EventDeclaration<Name extends string, Schema extends StandardSchemaV1> {
  readonly name: Name
  readonly schema: Schema
}

export function event<const Name extends string, Schema extends StandardSchemaV1>(
  name: Name,
  schema: Schema,
): EventDeclaration<Name, Schema> {
  return Object.freeze({ name, schema })
}

/** The user of a connection that has closed. */
export interface Closed {
  readonly fd: number
  /** As the server saw it: what the client sent, or one of the server's own. 1006: no close frame came. */
  readonly closeCode: number
  readonly code?: string
  readonly auth?: Auth
}

/** Told of the close of a connection that `fdAddController` was called for. */
export interface OnClose {
  onClose(app: App, data: Closed): unknown
}

/** Called in a worker that is about to be replaced by new code. */
export interface OnReload {
  onReload(app: App): unknown
}

/** Called once when the server stops, before the connections are closed. */
export interface OnShutdown {
  onShutdown(app: App): unknown
}

/** Gets the calls of actions that the controller does not declare. */
export interface OnMessage {
  onMessage(app: App, data: Fields & Anybody): unknown
}
