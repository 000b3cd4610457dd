/** The rows of the first table under a heading of a page, without its head. @throws Error when there is none */
export function tableUnder(page: string, heading: string): string[] {
  const lines = page.split('\n')
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading)
  const section = start < 0 ? [] : lines.slice(start + 1)
  const end = section.findIndex((line) => line.startsWith('#'))
  const rows = section.slice(0, end < 0 ? section.length : end).filter((line) => line.startsWith('|'))
  if (rows.length < 3) throw new Error(`the page has no table under "${heading}"`)
  return rows.slice(2)
}

/** What stands in the fenced blocks of a page that name this language. */
export function blocks(page: string, language: string): string[] {
  const found = page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))
  return [...found].map(([, text = '']) => text)
}
