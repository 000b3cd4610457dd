import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from '../../support/server'
import { addressOf, tokenOf } from '../Manager/ask'

/** The manager port takes 20 requests a second. */
const PACE_MS = 60
let next = 0

/** A metric as the text format declares it. */
export interface Family {
  readonly type: string
  readonly help: string
  /** Names of the labels that its samples have. */
  readonly labels: Set<string>
  samples: number
}

/** What a scrape found: the text format of Prometheus, read as strictly as its description asks. */
export class Scrape {
  readonly families = new Map<string, Family>()
  readonly #values = new Map<string, number>()

  /** @throws Error at the first line that the format does not allow */
  constructor(text: string) {
    if (!text.endsWith('\n')) throw new Error('the last line has no end')
    for (const line of text.split('\n')) if (line !== '') this.#read(line)
  }

  /** Scrapes a server, not before its manager port takes another request. */
  static async of(server: Server): Promise<Scrape> {
    const wait = next - performance.now()
    next = Math.max(next, performance.now()) + PACE_MS
    if (wait > 0) await sleep(wait)
    const response = await get(server, { authorization: `Bearer ${tokenOf(server.runtime)}` })
    if (response.status !== 200) throw new Error(`a scrape was answered ${response.status}`)
    return new Scrape(await response.text())
  }

  /** The sum over all series of a name that have these labels. @throws Error when there is none */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
    const found = [...this.#values].filter(([series]) => {
      const [, of = '', list = ''] = /^([^{]+)(.*)$/.exec(series) ?? []
      return of === name && wanted.every((one) => list.includes(`{${one}`) || list.includes(`,${one}`))
    })
    if (found.length === 0) throw new Error(`there is no ${name}${JSON.stringify(labels)}`)
    return found.reduce((all, [, value]) => all + value, 0)
  }

  /** Every series of counters and histograms: what must never go down. */
  get counts(): Map<string, number> {
    return new Map([...this.#values].filter(([series]) => this.#familyOf(series)?.type !== 'gauge'))
  }

  #read(line: string): void {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) ([a-z_:][a-z0-9_:]*) (.+)$/.exec(line) ?? []
    if (kind === 'HELP') {
      if (this.families.has(name)) throw new Error(`${name} is there twice`)
      this.families.set(name, { type: '', help: rest, labels: new Set(), samples: 0 })
    } else if (kind === 'TYPE') {
      const family = this.families.get(name)
      if (family === undefined || !['counter', 'gauge', 'histogram'].includes(rest)) throw new Error(line)
      this.families.set(name, { ...family, type: rest })
    } else this.#sample(line)
  }

  #sample(line: string): void {
    const label = '[a-z_]+="(?:[^"\\\\\\n]|\\\\["\\\\n])*"'
    const [, series, list = '', value] =
      new RegExp(`^([a-z_:][a-z0-9_:]*(\\{${label}(?:,${label})*\\})?) (\\S+)$`).exec(line) ?? []
    if (series === undefined || Number.isNaN(Number(value))) throw new Error(`no sample: ${line}`)
    const family = this.#familyOf(series)
    if (family === undefined) throw new Error(`${series} was not declared`)
    if (this.#values.has(series)) throw new Error(`${series} is there twice`)
    this.#values.set(series, Number(value))
    family.samples++
    for (const [, name = ''] of list.matchAll(/([a-z_]+)="/g)) if (name !== 'le') family.labels.add(name)
  }

  #familyOf(series: string): Family | undefined {
    const [name = ''] = series.split('{', 1)
    return this.families.get(name) ?? this.families.get(name.replace(/_(bucket|sum|count)$/, ''))
  }
}

export const get = (
  { runtime }: Pick<Server, 'runtime'>,
  headers: Readonly<Record<string, string>>,
  path = '/metrics',
) => fetch(`http://${addressOf(runtime)}${path}`, { headers: { ...headers } })
