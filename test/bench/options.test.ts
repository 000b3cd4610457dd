import { expect, test } from 'vitest'
import { HELP, readOptions } from './options'
import { SETS } from './sets'

const rows = (...args: string[]) => readOptions(args).rows

test('the main rows are the default; a set takes their place, and two sets stand beside each other', () => {
  expect(rows()).toContain('call')
  expect(rows()).toContain('start')
  expect(rows().filter((row) => row.includes('-'))).toEqual([])
  expect(rows('--peers')).toEqual(['peers-call', 'peers-fanout', 'peers-fanout2', 'peers-idle'])
  expect(rows('--layers', '--peers')).toEqual([...rows('--peers'), 'layers'])
  expect(rows('--all')).toEqual([...rows(), ...rows('--peers'), ...rows('--scale'), ...rows('--layers')])
})

test('what changes a setting of the system is measured only by its name', () => {
  expect(rows('--all')).not.toContain('restart')
  expect(rows('--only', 'restart')).toEqual(['restart'])
})

test('rows can be asked for by name, in the order of the table', () => {
  expect(rows('--only', 'latency,call')).toEqual(['call', 'latency'])
  expect(rows('--only', 'peers-call', '--quick')).toEqual(['peers-call'])
  expect(() => rows('--only', 'call,cal')).toThrow(/no row cal; it has call, checked/)
})

test('quick is less of everything', () => {
  const [all, quick] = [readOptions([]), readOptions(['--quick'])]
  for (const option of ['rounds', 'duration', 'warmUp', 'firstWarmUp'] as const) {
    expect(quick[option]).toBeLessThan(all[option])
  }
  expect(quick.connections.length).toBeLessThan(all.connections.length)
  expect(quick.groups.length).toBeLessThan(all.groups.length)
})

test('what is asked for stands over both', () => {
  const options = readOptions([
    '--quick',
    '--seconds',
    '0.3',
    '--rounds',
    '7',
    '--connections',
    '10,20',
    '--burst',
    '2',
  ])
  expect(options).toMatchObject({ duration: 300, rounds: 7, connections: [10, 20], burst: 2 })
})

test('a number that is none is refused with its option', () => {
  expect(() => readOptions(['--rounds', '0'])).toThrow('--rounds is a number above 0, not 0')
  expect(() => readOptions(['--connections', '100,many'])).toThrow('--connections is a number above 0, not many')
  expect(() => readOptions(['--peer'])).toThrow(/--peer/)
})

test('the help names every row', () => {
  for (const { name } of SETS.flatMap((set) => [...set.rows])) expect(HELP).toContain(`  ${name} `)
})
