import { startApp, type TestApp } from 'mswoole-ts/test'
import { User } from '../../../App/Live/Controller/User'
import { Wall } from '../../../App/Live/Controller/Wall'
import * as wallMessage from '../../../App/Live/Migration/0001_wall_message'
import * as userMessage from '../../../App/Live/Migration/0002_user_message'

/** The sample App/Live, with its tables. */
export const startLive = (): Promise<TestApp> =>
  startApp({
    modules: { Live: { User, Wall } },
    migrations: { 'Live/0001_wall_message': wallMessage, 'Live/0002_user_message': userMessage },
  })
