import 'reflect-metadata'

export type {
  ColumnType,
  Generated,
  GeneratedAlways,
  Insertable,
  Kysely,
  Selectable,
  Transaction,
  Updateable,
} from 'kysely'
export { Cache } from '../Library/Cache/Cache'
export { defineCache, defineConfig, defineDb } from '../Library/Config/Config'
export type { AppConfig, AppOptions, CacheOptions, DbOptions } from '../Library/Config/Schema'
export { DatabaseAway, DB, isDatabaseAway } from '../Library/DB/DB'
export type { Migration, Schema } from '../Library/DB/Schema'
export { Encrypt } from '../Library/Encrypt/Encrypt'
export { log } from '../Library/Log/Log'
export { Model, type Page } from '../Library/Model/Model'
export {
  type Action,
  type ActionOptions,
  action,
  type Closed,
  controller,
  type Data,
  type EventDeclaration,
  event,
  type Fields,
  type OnClose,
  type OnMessage,
  type OnReload,
  type OnShutdown,
} from './App/Action'
export { App } from './App/App'
export type { Anybody, Auth, Known } from './App/Auth'
export { refuse } from './App/Failures'
export { type Session, type Slot, slot } from './App/Session'
export type { To } from './App/To'
export type { Outcome } from './Link/Contract'
