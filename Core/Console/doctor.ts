import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { Cache } from '../../Library/Cache/Cache'
import { log } from '../../Library/Log/Log'
import { causeOf, reasonOf } from '../../Library/Log/Outage'
import { EXIT } from '../Handler'
import type { Project } from '../Project'
import { readHolder } from '../Supervisor/Runtime'
import { isObject } from '../Wire/Protocol'
import { checkDatabases } from './Doctor/database'
import { bad, type Finding, good, note } from './Doctor/Finding'
import { Ghosts, type Look } from './Doctor/Ghosts'
import { checkMachine } from './Doctor/machine'
import { checkRedis } from './Doctor/redis'
import { command } from './manager'
import { presentProject } from './project'

/** How long Redis may take to answer, in milliseconds. */
const PATIENCE_MS = 3000

/** What looks like a ghost must do so twice, so far apart, in milliseconds: gateways try again within a second what failed. */
const AGAIN_MS = 1500

/** Ghosts that are named one by one. */
const MOST_NAMED = 20

interface DoctorOptions {
  readonly fix?: boolean
  readonly json?: boolean
}

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description(
      'look for what is wrong: ghosts in Redis, databases, limits, settings, clock, disk, keys; exit code 1 if something is',
    )
    .option('--fix', 'take ghosts off the record: fds that no gateway has, and their places in groups')
    .option('--json', 'as JSON: a list of {check, state: good | note | bad, text}')
    .addHelpText(
      'after',
      `
Works with the server running or stopped, and changes nothing without --fix. Of other machines it sees what Redis says; run
it on each for the rest. The connections of a dead gateway are left to the living ones, who let their onClose run.`,
    )
    .action(doctor)
}

async function doctor({ fix = false, json = false }: DoctorOptions): Promise<void> {
  const project = presentProject()
  log.level = 'silent' // the outage of a Redis is a finding
  const pid = readHolder(project.runtime)
  const findings = [
    ...checkMachine(project, pid),
    ...(await checkStore(project, pid !== undefined, fix)),
    ...(await checkDatabases(project)),
  ]
  if (json) console.log(JSON.stringify(findings, undefined, 2))
  else for (const { state, check, text } of findings) console.log(`${state.padEnd(5)} ${check.padEnd(8)} ${text}`)
  process.exitCode = findings.some(({ state }) => state === 'bad') ? EXIT.failed : EXIT.done
}

async function checkStore(project: Project, runs: boolean, fix: boolean): Promise<Finding[]> {
  const { config, cache, runtime } = project
  const embedded = cache.master.url === ''
  const socket = join(runtime, 'store.sock')
  if (embedded && !existsSync(socket)) {
    return [
      runs
        ? note('redis', 'the embedded store cannot be reached from here')
        : good('redis', 'the embedded store ends with the server'),
    ]
  }
  const place = embedded ? { ...cache.master, url: socket } : cache.master
  Cache.configure({ master: { ...place, options: { enableAutoPipelining: true } } })
  try {
    await Cache.ready('master', PATIENCE_MS)
    const redis = Cache.get('master')
    const ghosts = new Ghosts(redis, { firstInstance: embedded ? 0 : 1, raw: config.groups.raw })
    const gateways = runs ? await checkGateways(project, fix) : []
    return [...(embedded ? [] : await checkRedis(redis)), ...gateways, ...(await checkRecord(ghosts, fix))]
  } catch (error) {
    return [bad('redis', `Redis does not answer: ${reasonOf(causeOf(error))}`)]
  } finally {
    await Cache.close()
  }
}

/** What the gateways of this machine have on record and do not hold; they take it off themselves. */
async function checkGateways(project: Project, fix: boolean): Promise<Finding[]> {
  try {
    const { gateways } = await command(project, {}, { method: 'audit', fix })
    return (Array.isArray(gateways) ? gateways : []).map((gateway: unknown) => {
      const { name, strangers }: Record<string, unknown> = isObject(gateway) ? gateway : {}
      const fds = Array.isArray(strangers) ? strangers.map(Number) : []
      if (fds.length === 0) return good('gateway', `${name} holds every connection that stands on its record`)
      const text = `${name} does not hold ${fds.length} of its record: fd ${list(fds)}`
      return fix ? good('gateway', `${text}; taken off`) : bad('gateway', `${text}; --fix takes them off`)
    })
  } catch (error) {
    return [bad('gateway', `the server could not be asked: ${error instanceof Error ? error.message : error}`)]
  }
}

async function checkRecord(record: Ghosts, fix: boolean): Promise<Finding[]> {
  const first = await record.look()
  if (first.ghosts.size > 0) await sleep(AGAIN_MS)
  const { ghosts, mixed, ...rest } = first.ghosts.size > 0 ? await record.look() : first
  const both = new Map([...ghosts].filter(([fd]) => first.ghosts.has(fd)))
  const findings = [...mixed].map((group) =>
    note('groups', `${group} is filled by hand as well as by fdJoin: put it, or a prefix of it, into groups.raw`),
  )
  const { instances } = rest
  for (const instance of instances.living.size > 0 ? instances.dying : []) {
    findings.push(note('record', `gateway ${instance} has died; the living ones are taking its connections off`))
  }
  if (both.size === 0) return [...findings, good('record', `no ghosts; living gateways: ${instances.living.size}`)]
  if (fix) await record.remove({ ghosts: both, ...rest })
  return [...findings, ...describe(both, fix)]
}

function describe(ghosts: Look['ghosts'], fix: boolean): Finding[] {
  const found = [...ghosts].slice(0, MOST_NAMED).map(([fd, places]) => {
    const text = `fd ${fd} is nobody, and stands in ${[...places].join(', ')}`
    return fix ? good('ghost', `${text}; removed`) : bad('ghost', text)
  })
  const count = `${ghosts.size} ghosts`
  return [...found, fix ? good('record', `${count} removed`) : bad('record', `${count}; --fix removes them`)]
}

const list = (fds: readonly number[]) =>
  `${fds.slice(0, MOST_NAMED).join(', ')}${fds.length > MOST_NAMED ? ` and ${fds.length - MOST_NAMED} more` : ''}`
