import { defineCache } from 'mswoole-ts'

// An empty url is the embedded store. REDIS_URL takes the place of every url.
export default defineCache({
  master: { url: '', prefix: '' },
  task: { url: '', prefix: '' },
})
