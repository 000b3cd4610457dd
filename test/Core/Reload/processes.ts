import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A process of a server under test. */
export interface Process {
  readonly pid: number
  readonly command: string
}

/** Everything that runs in one of these folders, or names one in its command line; of Linux. */
export function processesOf(...folders: string[]): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        const folder = readlinkSync(`/proc/${name}/cwd`)
        if (command === '' || !folders.some((one) => folder === one || command.includes(one))) return []
        return [{ pid: Number(name), command }]
      } catch {
        return [] // it has ended between two looks
      }
    })
}

export const workersOf = (folder: string) =>
  processesOf(folder)
    .filter(({ command }) => command.includes('/Worker/main.js'))
    .map(({ pid }) => pid)

export const gatewayOf = (folder: string) =>
  processesOf(folder).find(({ command }) => command.includes('/Gateway/main.js'))?.pid ?? 0

/** Memory that a process has, in MiB. */
export function residentOf(pid: number): number {
  const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
  return (Number(pages) * 4096) / 1024 / 1024
}

/** Files, sockets and pipes that a process holds open. */
export const openFilesOf = (pid: number) => readdirSync(`/proc/${pid}/fd`).length
