import { type Browser, chromium } from 'playwright-core'
import { findProgram } from '../support/programs'

/** Why there is no browser to test with, or undefined. */
export const noBrowser = findProgram('chromium', 'chromium-browser', 'google-chrome')
  ? undefined
  : 'no chromium on PATH'

/** Debian's Chromium, without a window. */
export function launch(): Promise<Browser> {
  const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome') ?? ''
  // Chromium refuses its sandbox to root.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
}
