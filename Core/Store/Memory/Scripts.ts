import { createHash } from 'node:crypto'
import type { Call, Reply, Script } from '../../Record/Script'
import { type Answer, Answers, NIL_ARRAY, RedisError, Status } from '../Resp'
import { type Context, fitsArity } from './Command'

/** The scripts that the store can run: not as Lua, but by their JavaScript twins, found by the SHA-1 of the Lua text. */
export class Scripts {
  readonly #bySha = new Map<string, Script>()

  constructor(scripts: readonly Script[]) {
    for (const script of scripts) this.#bySha.set(sha1(encodeText(script.lua)), script)
  }

  has(sha: string): boolean {
    return this.#bySha.has(sha.toLowerCase())
  }

  /** The result of a twin. What it changed before it threw stays changed, as with Lua. */
  run(context: Context, sha: string, keys: readonly string[], args: readonly string[]): Answer {
    const script = this.#bySha.get(sha.toLowerCase())
    if (script === undefined) throw new RedisError('NOSCRIPT No matching script. Please use EVAL.')
    try {
      return encodeReply(script.twin(callIn(context), keys.map(decodeText), args.map(decodeText)))
    } catch (error) {
      // Whatever a twin throws is the answer to the client who called it, as with Lua: the store must outlive a faulty script.
      const message = error instanceof RedisError ? error.message : `ERR ${String(error)}`
      throw new RedisError(`${message} script: ${sha.toLowerCase()}`)
    }
  }
}

export function sha1(text: string): string {
  return createHash('sha1').update(text, 'latin1').digest('hex')
}

function callIn(context: Context): Call {
  return (name, ...args) => {
    const command = context.commands.get(name.toUpperCase())
    if (command === undefined) throw new RedisError('ERR Unknown Redis command called from script')
    if (command.isTopLevel || command.isNotForScripts)
      throw new RedisError('ERR This Redis command is not allowed from script')
    const texts = args.map((arg) => encodeText(String(arg)))
    if (!fitsArity(command, texts)) throw new RedisError('ERR Wrong number of args calling Redis command from script')
    return decodeAnswer(command.run(context, texts))
  }
}

function decodeAnswer(answer: Answer): Reply {
  if (typeof answer === 'string') return decodeText(answer)
  if (typeof answer === 'bigint') return Number(answer)
  if (answer === NIL_ARRAY) return null
  if (answer instanceof Status) return answer.text
  if (answer instanceof RedisError) throw answer
  if (answer instanceof Answers) return answer.list.map(decodeAnswer)
  return Array.isArray(answer) ? answer.map(decodeAnswer) : answer
}

function encodeReply(reply: Reply): Answer {
  if (typeof reply === 'string') return encodeText(reply)
  // Lua numbers lose their fraction on the way to the client.
  if (typeof reply === 'number') return BigInt(Math.trunc(reply))
  return Array.isArray(reply) ? reply.map(encodeReply) : null
}

/** From the store's bytes to the text that a twin sees, and back. Bytes that are no UTF-8 do not survive a twin. */
function decodeText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

function encodeText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
