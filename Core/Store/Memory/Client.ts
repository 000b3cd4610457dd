import type { Socket } from 'node:net'
import { encode, ProtocolError, RedisError, RequestParser } from '../Resp'
import type { Engine } from './Engine'
import { Session } from './Session'

/** So much may wait for a client to read it. Beyond, requests wait too; a subscriber, whose messages nobody can stop, is dropped. */
const PAUSE_AT = 1024 * 1024
const DROP_AT = 64 * 1024 * 1024

/**
 * One client of the in-memory store: bytes in, requests to the engine, answers out in the order of the requests. All that is written
 * in one turn goes out in one write.
 */
export class MemoryClient {
  readonly #socket: Socket
  readonly #engine: Engine
  readonly #log: (message: string) => void
  readonly #parser = new RequestParser()
  readonly #session = new Session({ push: (text) => this.#push(text) })
  #output = ''
  #isFlushing = false
  /** Requests wait until the client has read what it was sent. */
  #isPaused = false

  constructor(socket: Socket, engine: Engine, log: (message: string) => void) {
    this.#socket = socket
    this.#engine = engine
    this.#log = log
    socket.on('data', (chunk: Buffer) => {
      if (this.#session.isQuitting) return
      this.#parser.feed(chunk)
      this.#answerRequests()
    })
    socket.on('drain', () => {
      this.#flush()
      if (!this.#isPaused || this.#pending() > PAUSE_AT) return
      this.#isPaused = false
      socket.resume()
      this.#answerRequests()
    })
    // A client that went away without a word; 'close' follows and does all that is to do.
    socket.on('error', () => {})
    socket.on('close', () => engine.endSession(this.#session))
  }

  #answerRequests(): void {
    try {
      while (!this.#isPaused && !this.#session.isQuitting) {
        const request = this.#parser.next()
        if (request === undefined) return
        this.#write(this.#answer(request))
        if (this.#session.isQuitting) this.#end()
        else if (this.#pending() > PAUSE_AT) this.#pause()
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#session.isQuitting = true
      this.#write(encode(error))
      this.#end()
    }
  }

  #answer(request: readonly string[]): string {
    try {
      return encode(this.#engine.execute(this.#session, request))
    } catch (error) {
      // An answer that is too long to send.
      if (error instanceof RedisError) return encode(error)
      // A fault of the store itself: it costs the client one answer, not everybody their store.
      this.#log(`the store failed at ${request[0]}: ${error instanceof Error ? error.stack : error}`)
      return encode(new RedisError('ERR internal error in the embedded store'))
    }
  }

  #push(text: string): void {
    if (this.#socket.destroyed) return
    this.#write(text)
    if (this.#pending() <= DROP_AT) return
    this.#log(`the store dropped a subscriber with ${this.#pending()} bytes that it did not read`)
    this.#output = ''
    this.#socket.destroy()
  }

  #write(text: string): void {
    this.#output += text
    if (this.#isFlushing) return
    this.#isFlushing = true
    setImmediate(() => {
      this.#isFlushing = false
      // While the socket is full text gathers here: millions of small pieces in its queue would cost more than their bytes.
      if (!this.#socket.writableNeedDrain) this.#flush()
    })
  }

  #flush(): void {
    const text = this.#output
    this.#output = ''
    if (text !== '' && this.#socket.writable) this.#socket.write(text, 'latin1')
  }

  #pending(): number {
    return this.#output.length + this.#socket.writableLength
  }

  #pause(): void {
    this.#flush()
    if (!this.#socket.writableNeedDrain) return
    this.#isPaused = true
    this.#socket.pause()
  }

  #end(): void {
    this.#flush()
    this.#socket.destroySoon()
  }
}
