import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// Loaded into a measured process before its own code: memory can be compared only when what nobody needs any more is gone.
setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')
process.on('SIGPWR', () => {
  collectGarbage()
  collectGarbage() // what the first one let finalizers free
})
