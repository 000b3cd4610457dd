import { defineDb } from 'mswoole-ts'

// An empty url is the embedded SQLite, Runtime/data.sqlite. DB_URL takes the place of every url.
export default defineDb({
  master: { url: '', prefix: '' },
})
