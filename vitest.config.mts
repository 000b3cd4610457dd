import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // One copy of the framework: what App/ imports by name is the source that the tests import by path.
  resolve: { alias: { 'mswoole-ts': resolve('Core/index.ts') } },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['reflect-metadata'],
    globalSetup: ['test/support/setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
