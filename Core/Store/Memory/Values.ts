/** What a key can hold. A value that became empty is no value: its key disappears. */
export interface Value {
  readonly type: 'string' | 'hash' | 'set' | 'zset' | 'list'
  readonly isEmpty: boolean
}

/** Redis' string. The empty text is a value like any other. */
export class Text implements Value {
  readonly type = 'string'
  readonly isEmpty = false
  constructor(readonly bytes: string) {}
}

export class Hash implements Value {
  readonly type = 'hash'
  readonly fields = new Map<string, string>()
  get isEmpty(): boolean {
    return this.fields.size === 0
  }
}

export class Members implements Value {
  readonly type = 'set'
  readonly all = new Set<string>()
  get isEmpty(): boolean {
    return this.all.size === 0
  }
}

export class List implements Value {
  readonly type = 'list'
  items: string[] = []
  get isEmpty(): boolean {
    return this.items.length === 0
  }
}
