/** A reply that user code gives instead of a result; see `refuse`. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly status: number
  readonly event: string
  readonly info: string
  readonly param: unknown

  constructor(status: number, event: string, info: string, param: unknown) {
    super(`${status} ${event}: ${info}`)
    this.status = status
    this.event = event
    this.info = info
    this.param = param
  }
}

/**
 * Ends the call with a reply to the caller; nothing after it happens.
 * @throws Refusal always
 */
export function refuse(status: number, event: string, info: string, param?: unknown): never {
  throw new Refusal(status, event, info, param)
}
