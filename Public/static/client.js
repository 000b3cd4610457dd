// @ts-check
// The client of mswoole-ts, for browsers, Node and WeChat mini-programs. What it offers is described in client.d.ts.

/** @import { Client, ConnectOptions, Frame, SocketLike, SocketTask, State, StateDetail } from './client.d.ts' */

const HEARTBEAT = '2'
const HANDSHAKE_MS = 10000

// Delays in milliseconds. The first try is spread over so long, because everybody who lost the server lost it at the same moment.
const FIRST_TRY = 5000
const LONGEST = 30000
const SOON = 1000
/** A connection that lasted so long was a good one. */
const STABLE = 10000

const SILENT = 4408
const RESTART = 1012
const AUTH_EXPIRED = 4401
/** Kicked, replaced by a newer login: who came back would be sent away again. */
const UNWANTED = [4403, 4409]

export class CallError extends Error {
  /** @param {Frame} frame */
  constructor({ status, event, info, param, callId }) {
    super(`${status} ${event} ${info}`)
    this.name = 'CallError'
    this.status = status
    this.event = event
    this.info = info
    this.param = param
    this.callId = callId
  }
}

/** @param {string} event @param {string} info */
const failure = (event, info) => new CallError({ status: 0, event, info })

/**
 * @param {string} url
 * @param {ConnectOptions} options
 * @returns {Client}
 */
export function connect(url, options = {}) {
  const { auth, heartbeat = 30000, timeout = 10000, queue = 64, open = openGlobal } = options
  /** @type {State} */
  let state = 'connecting'
  /** @type {SocketLike | undefined} */
  let socket
  /** @type {string | undefined} */
  let token
  /** @type {ReturnType<typeof setTimeout> | undefined} The next try, or the end of the present one. */
  let timer
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let beats
  let attempt = 0
  let failures = 0
  let openedAt = 0
  let lastId = 0
  /** Frames of this connection, heartbeats not counted: the server says by their numbers which it refused. */
  let sent = 0

  /** @typedef {{ text: string, frame: number, settle: (frame: Frame | CallError) => void }} Call */
  /** @type {Map<string | number | undefined, Call>} Those without an answer; `frame` 0: not sent. */
  const calls = new Map()
  /** @type {Map<string, Set<(frame: Frame) => void>>} */
  const handlers = new Map()
  /** @type {Set<() => unknown>} */
  const openHandlers = new Set()
  /** @type {Set<(state: State, detail: StateDetail) => void>} */
  const stateHandlers = new Set()
  /** @type {Set<(error: Error) => void>} */
  const errorHandlers = new Set()

  /** @param {unknown} error */
  function report(error) {
    const told = error instanceof Error ? error : new Error(String(error))
    if (errorHandlers.size === 0) console.error(told)
    for (const handler of errorHandlers) handler(told)
  }

  /** Nothing that a handler throws reaches anybody else. @param {() => unknown} work */
  async function guarded(work) {
    try {
      await work()
    } catch (error) {
      report(error)
    }
  }

  /** @template T @param {Set<T>} set @param {T} handler */
  function add(set, handler) {
    set.add(handler)
    return () => void set.delete(handler)
  }

  /** @param {State} next @param {StateDetail} detail */
  function become(next, detail = {}) {
    state = next
    for (const handler of stateHandlers) guarded(() => handler(next, detail))
  }

  async function dial() {
    clearTimeout(timer)
    const mine = ++attempt
    become('connecting')
    try {
      token ??= await (typeof auth === 'function' ? auth() : auth)
      if (mine !== attempt) return
      const query = token === undefined ? '' : `${url.includes('?') ? '&' : '?'}auth=${encodeURIComponent(token)}`
      listen(open(url + query))
    } catch (error) {
      if (mine === attempt) lost(1006, error instanceof Error ? error.message : String(error))
    }
  }

  /** @param {SocketLike} fresh */
  function listen(fresh) {
    socket = fresh
    timer = setTimeout(() => lost(1006, 'the handshake took too long'), HANDSHAKE_MS)
    fresh.onopen = opened
    fresh.onmessage = (/** @type {{ data: unknown }} */ { data }) => received(data)
    fresh.onclose = (/** @type {{ code?: number, reason?: unknown }} */ { code = 1006, reason = '' }) =>
      lost(code, String(reason))
    fresh.onerror = () => {
      if (state === 'connecting') lost(1006, 'the handshake failed')
    }
  }

  function opened() {
    clearTimeout(timer)
    openedAt = Date.now()
    sent = 0
    let heard = true
    let last = openedAt
    beat = () => {
      heard = true
    }
    beats = setInterval(() => {
      const now = Date.now()
      // A page that slept has not listened: it asks before it judges.
      if (!heard && now - last < heartbeat) return lost(SILENT, 'nothing was heard from the server')
      last = now
      heard = false
      transmit(HEARTBEAT)
    }, heartbeat / 2)
    become('open')
    const mine = attempt
    Promise.all([...openHandlers].map(guarded)).then(() => {
      if (mine !== attempt || state !== 'open') return
      for (const call of calls.values()) if (call.frame === 0) send(call)
    })
  }

  /** Something was heard. */
  let beat = () => {}

  /** @param {string} text */
  function transmit(text) {
    try {
      socket?.send(text)
    } catch (error) {
      report(error) // it is closing: its end comes next
    }
  }

  /** @param {Call} call */
  function send(call) {
    call.frame = ++sent
    transmit(call.text)
  }

  /** @param {unknown} data */
  function received(data) {
    beat()
    if (data === '3') return
    try {
      /** @type {Frame} */
      const frame = JSON.parse(String(data))
      if (frame.event !== 'receiveMessage' && !settled(frame)) heard(frame)
    } catch (error) {
      report(error)
    }
  }

  /** @param {Frame} frame @returns whether it is the answer to a call, or names some that were refused */
  function settled(frame) {
    const { status, callId, param } = frame
    if (callId === undefined) return (status === 429 || status === 503) && refused(frame, Object(param))
    const call = calls.get(callId)
    call?.settle(frame)
    return call !== undefined
  }

  /** @param {Frame} frame @param {{ from?: unknown, count?: unknown }} named */
  function refused(frame, { from, count }) {
    const [first, end] = [Number(from), Number(from) + Number(count)]
    const named = [...calls.values()].filter((call) => call.frame >= first && call.frame < end)
    for (const call of named) call.settle(frame)
    return named.length > 0
  }

  /** @param {Frame} frame */
  function heard(frame) {
    for (const handler of handlers.get(frame.event) ?? []) guarded(() => handler(frame))
  }

  /** Takes leave of the socket, whether it has closed or not. @param {number} [code] */
  function drop(code) {
    clearTimeout(timer)
    clearInterval(beats)
    const old = socket
    socket = undefined
    attempt++
    if (old === undefined) return
    old.onopen = old.onmessage = old.onclose = null
    old.onerror = () => {} // where an error that nobody hears is thrown
    try {
      old.close(code)
    } catch {
      // It has not come about, or is closed.
    }
  }

  /** @param {number} code @param {string} reason */
  function lost(code, reason) {
    const wasOpen = state === 'open'
    if (wasOpen && Date.now() - openedAt >= STABLE) failures = 0
    drop()
    if (!wasOpen || code === AUTH_EXPIRED) token = undefined
    if (!wasOpen) report(new Error(`no connection to ${url}: ${reason || code}`))
    for (const call of [...calls.values()]) {
      if (call.frame > 0) call.settle(failure('connectionLost', 'the connection ended before the answer came'))
    }
    if (UNWANTED.includes(code) || (code === AUTH_EXPIRED && typeof auth !== 'function')) return end({ code, reason })
    const soon = code === RESTART || (code === AUTH_EXPIRED && failures === 0)
    const retryIn = Math.random() * (soon ? SOON : Math.min(LONGEST, FIRST_TRY * 2 ** failures))
    if (code !== RESTART) failures++
    timer = setTimeout(dial, retryIn)
    become('waiting', { code, reason, retryIn })
  }

  /** @param {StateDetail} detail */
  function end(detail) {
    become('closed', detail)
    if (typeof removeEventListener === 'function') for (const hint of hints) removeEventListener(hint, hurry)
    for (const call of [...calls.values()]) call.settle(failure('closed', 'the client is closed'))
  }

  const client = {
    get state() {
      return state
    },

    /** @type {Client['call']} */
    call(method, data, { timeout: patience = timeout } = {}) {
      return new Promise((resolve, reject) => {
        const callId = ++lastId
        const text = JSON.stringify({ ...data, method, callId })
        if (state === 'closed') return reject(failure('closed', 'the client is closed'))
        const waiting = [...calls.values()].filter(({ frame }) => frame === 0).length
        if (state !== 'open' && waiting >= queue) return reject(failure('offline', 'there is no connection'))
        const late = setTimeout(() => call.settle(failure('timeout', `no answer within ${patience} ms`)), patience)
        /** @type {Call} */
        const call = {
          text,
          frame: 0,
          settle(frame) {
            clearTimeout(late)
            calls.delete(callId)
            if (frame instanceof CallError) reject(frame)
            else if (frame.status >= 400) reject(new CallError(frame))
            else resolve(frame)
          },
        }
        calls.set(callId, call)
        if (state === 'open') send(call)
      })
    },

    /** @type {Client['on']} */
    on(event, handler) {
      const set = handlers.get(event) ?? new Set()
      handlers.set(event, set)
      return add(set, handler)
    },

    /** @type {Client['onOpen']} */
    onOpen(handler) {
      if (state === 'open') guarded(handler)
      return add(openHandlers, handler)
    },

    /** @type {Client['onState']} */
    onState: (handler) => add(stateHandlers, handler),

    /** @type {Client['onError']} */
    onError: (handler) => add(errorHandlers, handler),

    close() {
      if (state === 'closed') return
      drop(1000)
      end({ code: 1000, reason: 'closed by the client' })
    },
  }

  // The network is back, or the page is seen again: no reason to wait any longer.
  const hurry = () => {
    if (state !== 'waiting') return
    clearTimeout(timer)
    timer = setTimeout(dial, Math.random() * SOON)
  }
  const hints = ['online', 'focus']
  if (typeof addEventListener === 'function') for (const hint of hints) addEventListener(hint, hurry)

  setTimeout(() => state !== 'closed' && dial())
  return client
}

/** @param {string} url @returns {SocketLike} */
function openGlobal(url) {
  if (typeof WebSocket === 'undefined') {
    throw new Error(
      'there is no WebSocket here: give connect an `open`, as (url) => new WebSocket(url) of the package ws',
    )
  }
  return new WebSocket(url)
}

/** @param {{ connectSocket(options: { url: string }): SocketTask }} wx */
export function miniProgram(wx) {
  return (/** @type {string} */ url) => {
    const task = wx.connectSocket({ url })
    /** @type {Record<'onopen' | 'onmessage' | 'onclose' | 'onerror', ((event: object) => void) | undefined>} */
    const handlers = { onopen: undefined, onmessage: undefined, onclose: undefined, onerror: undefined }
    task.onOpen(() => handlers.onopen?.({}))
    task.onMessage((message) => handlers.onmessage?.(message))
    task.onClose((close) => handlers.onclose?.(close))
    task.onError((error) => handlers.onerror?.(error))
    return Object.assign(handlers, {
      /** @param {string} data */
      send: (data) => task.send({ data }),
      /** @param {number} [code] @param {string} [reason] */
      close: (code = 1000, reason = '') => task.close({ code, reason }),
    })
  }
}
