import { execFileSync } from 'node:child_process'

let made = 0

/** A machine of its own on a wire to this one: a network namespace with its own address, which can be cut off. */
export class Host {
  /** Its own address. */
  readonly address: string
  /** This machine, as it sees it. */
  readonly gateway: string
  /** The words before a command that is to run there. */
  readonly within: readonly string[]
  readonly #name: string
  readonly #wire: string

  /** @throws Error when this machine may not make it */
  constructor() {
    const number = ++made
    this.#name = `mswoole-${process.pid}-${number}`
    this.#wire = `ms${process.pid}n${number}` // at most 15 characters
    const net = `10.213.${process.pid % 256}`
    this.gateway = `${net}.${number * 4 + 1}`
    this.address = `${net}.${number * 4 + 2}`
    this.within = ['ip', 'netns', 'exec', this.#name]
    run('ip', 'netns', 'add', this.#name)
    run('ip', 'link', 'add', this.#wire, 'type', 'veth', 'peer', 'name', 'wire', 'netns', this.#name)
    run('ip', 'address', 'add', `${this.gateway}/30`, 'dev', this.#wire)
    run('ip', 'link', 'set', this.#wire, 'up')
    run('ip', '-n', this.#name, 'address', 'add', `${this.address}/30`, 'dev', 'wire')
    for (const link of ['wire', 'lo']) run('ip', '-n', this.#name, 'link', 'set', link, 'up')
    hosts.add(this)
  }

  /** From now on nothing between it and other machines arrives that goes to or from this port: no error says so. */
  cut(port: number): void {
    for (const chain of ['OUTPUT', 'INPUT']) {
      for (const side of ['--dport', '--sport']) {
        run(...this.within, 'iptables', '-A', chain, '-p', 'tcp', side, String(port), '-j', 'DROP')
      }
    }
  }

  mend(): void {
    run(...this.within, 'iptables', '-F')
  }

  remove(): void {
    hosts.delete(this)
    run('ip', 'link', 'delete', this.#wire)
    run('ip', 'netns', 'delete', this.#name)
  }
}

function run(...[program = '', ...args]: string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

const hosts = new Set<Host>()
process.on('exit', () => {
  for (const host of hosts) host.remove()
})

/** Whether such machines can be made here: it takes root, Linux, and the right to do so. */
export const canMakeHosts = tryHost()

function tryHost(): boolean {
  try {
    new Host().remove()
    return true
  } catch {
    return false // the first line of the test run says why
  }
}
