// Preloaded by NODE_OPTIONS in every process and thread of a server: writes down what each asks for, in a file named as its entry; the
// one thread that there is does not know its own yet.
const { appendFileSync } = require('node:fs')
const Module = require('node:module')
const { basename, dirname, join } = require('node:path')

const [, entry = 'Worker/watchdog.js'] = process.argv
const file = join(process.env.TEST_REQUESTS, `${basename(dirname(entry))} ${basename(entry, '.js')}`)
const load = Module._load
Module._load = function (request, ...rest) {
  appendFileSync(file, `${request}\n`)
  return load.call(this, request, ...rest)
}
