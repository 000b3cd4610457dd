import 'reflect-metadata'

export { Cache } from '../Library/Cache/Cache'
export { defineCache, defineConfig } from '../Library/Config/Config'
export type { AppConfig, AppOptions, CacheOptions } from '../Library/Config/Schema'
export { Encrypt } from '../Library/Encrypt/Encrypt'
export { log } from '../Library/Log/Log'
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
