import { describe } from 'vitest'
import { NodePlace } from './drivers'
import { clientSuite } from './suite'

describe('the client in Node', () => clientSuite(async () => new NodePlace()))
