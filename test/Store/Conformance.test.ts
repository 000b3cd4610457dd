import { storeConformance } from './conformance'
import { openMemory, openRedis } from './servers'

storeConformance('MemoryStore', openMemory)
storeConformance('redis-server', openRedis)
