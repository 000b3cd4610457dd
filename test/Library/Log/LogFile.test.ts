import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LogFile } from '../../../Library/Log/LogFile'

let runtime = ''
let folder = ''
let now = 0
let complaints: string[] = []
let open: LogFile[] = []

beforeEach(() => {
  runtime = mkdtempSync(join(tmpdir(), 'mswoole-log-'))
  folder = join(runtime, 'logs')
  now = new Date(2026, 2, 14, 23, 59, 59, 990).getTime()
  complaints = []
  open = []
})
afterEach(() => {
  for (const file of open) file.close()
  rmSync(runtime, { recursive: true, force: true })
})

function begin(keepDays = 14): LogFile {
  const file = new LogFile({ folder, keepDays, now: () => now, complain: (text) => complaints.push(text) })
  open.push(file)
  return file
}
function read(name: string): string {
  return readFileSync(join(folder, name), 'utf8')
}

describe('the log file', () => {
  it('is named after the local day and changes at midnight by itself', () => {
    const file = begin()
    file.write('before\n')
    now += 9
    file.write('last\n')
    now += 1
    file.write('first\n')
    now += 24 * 3600 * 1000
    file.write('next day\n')
    expect(read('2026-03-14.log')).toBe('before\nlast\n')
    expect(read('2026-03-15.log')).toBe('first\n')
    expect(read('2026-03-16.log')).toBe('next day\n')
    expect(complaints).toEqual([])
  })

  it('follows a clock that is put back', () => {
    const file = begin()
    now += 10
    file.write('the 15th\n')
    now -= 10
    file.write('the 14th\n')
    expect(read('2026-03-14.log')).toBe('the 14th\n')
    expect(read('2026-03-15.log')).toBe('the 15th\n')
  })

  it('is on the disk as soon as it is written', () => {
    begin().write('line\n')
    expect(read('2026-03-14.log')).toBe('line\n')
  })

  it('is removed when it is older than keepDays, at the start and at midnight, and nothing else is', () => {
    begin().close()
    const others = ['notes.log', '2026-01-01.log.gz', '2026-01-01.txt', '12026-01-01.log']
    const days = ['2025-12-31', '2026-02-27', '2026-02-28', '2026-03-01', '2026-03-13'].map((day) => `${day}.log`)
    for (const name of [...others, ...days]) writeFileSync(join(folder, name), '')
    const file = begin(14)
    // The 14th less 14 days is the 28th of February.
    const kept = [...others, '2026-02-28.log', '2026-03-01.log', '2026-03-13.log', '2026-03-14.log']
    expect(readdirSync(folder).sort()).toEqual(kept.sort())
    now += 10
    file.write('the 15th\n')
    expect(existsSync(join(folder, '2026-02-28.log'))).toBe(false)
    expect(existsSync(join(folder, '2026-03-01.log'))).toBe(true)
  })

  it('keeps only today with keepDays 0', () => {
    begin().close()
    writeFileSync(join(folder, '2026-03-13.log'), '')
    begin(0)
    expect(readdirSync(folder)).toEqual(['2026-03-14.log'])
  })

  it('is begun again when somebody deleted it or its folder', () => {
    now -= 3600_000
    const file = begin()
    file.write('lost\n')
    rmSync(folder, { recursive: true })
    now += 1000
    file.write('found\n')
    expect(read('2026-03-14.log')).toBe('found\n')
    expect(complaints).toEqual([])
  })

  it('throws nothing when it cannot be written, says so once, and goes on when it can', () => {
    now -= 3600_000
    const file = begin()
    rmSync(runtime, { recursive: true })
    now += 1000
    for (let n = 0; n < 5; n++) file.write('lost\n')
    now += 1000
    file.write('lost too\n')
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toMatch(/cannot be written.*ENOENT/)
    // Nobody makes a Runtime for a log line.
    expect(existsSync(runtime)).toBe(false)
    runtime = mkdtempSync(runtime)
    expect(complaints).toHaveLength(1)
  })

  it('tells how many lines were lost when it can be written again', () => {
    writeFileSync(folder, 'a file where the folder should be')
    const file = begin()
    file.write('lost\n')
    rmSync(folder)
    file.write('lost, because a second has not passed\n')
    now += 1000
    file.write('written, and after midnight\n')
    expect(complaints).toHaveLength(2)
    expect(complaints[1]).toMatch(/written again, 2 lines were lost/)
    expect(read('2026-03-15.log')).toBe('written, and after midnight\n')
    rmSync(folder, { recursive: true })
    writeFileSync(folder, '')
    now += 1000
    file.write('lost\n')
    expect(complaints).toHaveLength(3)
  })

  it.runIf(existsSync('/dev/full'))('survives a full disk', () => {
    begin().close()
    rmSync(join(folder, '2026-03-14.log'))
    symlinkSync('/dev/full', join(folder, '2026-03-14.log'))
    const file = begin()
    file.write('lost\n')
    file.write('lost\n')
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toMatch(/ENOSPC/)
    rmSync(join(folder, '2026-03-14.log'))
    now += 1000
    file.write('there is room again\n')
    expect(complaints).toHaveLength(2)
  })

  it('may be closed twice, and flushed at any time', () => {
    const file = begin()
    file.flush()
    file.close()
    file.close()
    file.flush()
    expect(complaints).toEqual([])
  })

  it('is for its owner and group only', () => {
    chmodSync(runtime, 0o755)
    begin()
    const { mode } = statSync(join(folder, '2026-03-14.log'))
    expect(mode & 0o007).toBe(0)
  })
})
