import { describe } from 'vitest'
import { noBrowser } from './browser'
import { BrowserPlace } from './drivers'
import { clientSuite } from './suite'

describe.skipIf(noBrowser !== undefined)('the client in Chromium', () => clientSuite(() => BrowserPlace.launch()))
