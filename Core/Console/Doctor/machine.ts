import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type AppConfig, SAMPLE_KEY } from '../../../Library/Config/Schema'
import type { Project } from '../../Project'
import { bad, type Finding, good, note } from './Finding'

/** Files that a gateway should be able to open: each connection is one. */
const FEW_FILES = 65_536
const TOO_FEW_FILES = 4096

const MIB = 1024 * 1024
const LITTLE_SPACE = 1024 * MIB
const TOO_LITTLE_SPACE = 100 * MIB

/** 3DES takes two keys of 8 bytes at least; shorter ones are filled up with zeros. */
const SHORT_KEY = 16

/** @param pid of a process of the server, if one runs */
export function checkMachine({ config, runtime }: Project, pid: number | undefined): Finding[] {
  return [checkFiles(pid), checkDisk(runtime), checkKeys(config.auth), checkMigration(config.setting.reactor_num)]
}

function checkFiles(pid: number | undefined): Finding {
  const limit = Number(/^Max open files +(\d+)/m.exec(read(`/proc/${pid ?? 'self'}/limits`))?.[1] ?? Number.NaN)
  const of = pid === undefined ? 'a server started here' : `the server (pid ${pid})`
  if (Number.isNaN(limit)) return note('files', 'the limit of open files cannot be read here')
  const text = `${of} may open ${limit} files; each connection is one`
  const cure = 'raise it: ulimit -n 1048576, or LimitNOFILE=1048576 in its systemd unit'
  if (limit < TOO_FEW_FILES) return bad('files', `${text}; ${cure}`)
  return limit < FEW_FILES ? note('files', `${text}; for many clients ${cure}`) : good('files', text)
}

function checkDisk(runtime: string): Finding {
  const { bavail, bsize } = statfsSync(nearest(runtime))
  const free = bavail * bsize
  const text = `${Math.round(free / MIB)} MiB are free for ${runtime}`
  if (free < TOO_LITTLE_SPACE)
    return bad('disk', `${text}; make room: logs are lost without, and a reload needs a copy of dist/`)
  return free < LITTLE_SPACE ? note('disk', text) : good('disk', text)
}

function checkKeys({ key: keys }: AppConfig['auth']): Finding {
  if (keys.some((key) => key !== SAMPLE_KEY && Buffer.byteLength(key) < SHORT_KEY)) {
    return bad(
      'key',
      `a key of auth.key is shorter than ${SHORT_KEY} bytes and can be guessed; take openssl rand -hex 12`,
    )
  }
  if (keys.includes(SAMPLE_KEY)) {
    return note('key', 'auth.key is the sample key, which everybody knows; production (NODE_ENV) refuses it')
  }
  return good('key', `${keys.length === 1 ? 'the key is' : `${keys.length} keys are`} long enough`)
}

function checkMigration(gateways: number): Finding {
  const value = read('/proc/sys/net/ipv4/tcp_migrate_req').trim()
  if (value === '') return note('sysctl', 'net.ipv4.tcp_migrate_req cannot be read here')
  if (value === '1')
    return good('sysctl', 'net.ipv4.tcp_migrate_req is 1: a gateway that is replaced loses no handshake')
  return note(
    'sysctl',
    `net.ipv4.tcp_migrate_req is ${value}: a gateway that is replaced (rolling restart${gateways > 1 ? `, ${gateways} gateways` : ''}) resets the handshakes that wait for it, about 1 in 4,000; sysctl -w net.ipv4.tcp_migrate_req=1`,
  )
}

/** @returns the path, or what of it is there */
function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path))
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // another system, or a process of another user
  }
}
