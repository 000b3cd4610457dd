import { setTimeout as sleep } from 'node:timers/promises'
import type { Status } from '../Manager/Status'
import { graphs, screen } from './screen'

/** How often the screen is drawn, in milliseconds. */
const EVERY_MS = 1000

/** A screen of its own, so that what stood on the terminal is there again afterwards; and no cursor. */
const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const CLEAR_LINE = '\x1b[K'
const CLEAR_REST = '\x1b[J'

/**
 * Draws how the server is doing, every second, until Ctrl-C.
 * @param ask how it is doing
 * @throws Error when standard output is no terminal; what `ask` fails with
 */
export async function watch(ask: () => Promise<Status>): Promise<void> {
  const out = process.stdout
  if (!out.isTTY) throw new Error('status --watch draws on a terminal; for programs there is status --json')
  const ending = new AbortController()
  const { signal } = ending
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => ending.abort())
  out.write(ENTER)
  try {
    while (!signal.aborted) {
      const status = await ask()
      draw([...screen(status), '', ...graphs(status, out.columns), '', 'Ctrl-C ends this'])
      await sleep(EVERY_MS, undefined, { signal }).catch(() => {}) // Ctrl-C ends it early
    }
  } finally {
    out.write(LEAVE)
  }
}

/** What does not fit the terminal is cut off. */
function draw(lines: readonly string[]): void {
  const { columns, rows } = process.stdout
  const shown = lines.slice(0, rows).map((line) => line.slice(0, columns) + CLEAR_LINE)
  process.stdout.write(HOME + shown.join('\r\n') + CLEAR_REST)
}
