import type { Bytes, ToGateway, ToWorker, Turns } from '../../../Core/Link/Contract'

/** Told of every call: the name of the record and what it said. Bytes are told as text, copied at once. */
export type Told = (name: string, ...said: unknown[]) => void

const copy = (bytes: Bytes) => bytes.toString()

/** The worker's end of a link, which tells what it is told. */
export function workerThat(tell: Told): ToWorker {
  return {
    attach: (fd, attachment) => tell('attach', fd, attachment),
    message: (fd, frame) => tell('message', fd, copy(frame)),
    close: (fd, code, controllers) => tell('close', fd, code, controllers),
    answer: (id, failure, value) => tell('answer', id, failure, value),
  }
}

/** The gateway's end of a link, which tells what it is told; by default a turn of its never ends early. */
export function gatewayThat(tell: Told, turns: Partial<Turns> = {}): ToGateway & Turns {
  return {
    send: (fd, text, last) => tell('send', fd, copy(text), last),
    publish: (audience, name, except, from, text) => tell('publish', audience, name, except, from, copy(text)),
    end: (fd, code, reason) => tell('end', fd, code, reason),
    session: (fd, slot, json) => tell('session', fd, slot, json),
    done: (fd) => tell('done', fd),
    told: (fd, controller) => tell('told', fd, controller),
    closed: (fd) => tell('closed', fd),
    ask: (id, operation, fd, text) => tell('ask', id, operation, fd, text),
    beginTurn: () => turns.beginTurn?.(),
    spent: () => turns.spent?.() ?? false,
    endTurn: () => turns.endTurn?.(),
  }
}
