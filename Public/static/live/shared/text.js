// Texts as people wrote them.

/** @type {Readonly<Record<string, string>>} */
const ENTITIES = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#039;': "'" }

/**
 * Takes back what the server's filter did: its five entities, once. What comes out is text and nothing else: it is put into a page by
 * `textContent`.
 * @param {unknown} value what is no text gives the empty one
 */
export function decode(value) {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  return text.replace(/&(?:amp|lt|gt|quot|#039);/g, (entity) => ENTITIES[entity] ?? entity)
}

/**
 * A text in one line of at most `most` characters as people count them; the rest is an ellipsis.
 * @param {string} text @param {number} most
 */
export function cut(text, most) {
  // A letter may have many marks, and a family of emoji many members; no more than so many units are looked at.
  const enough = most * 16
  const line = text.slice(0, enough).replace(/\s+/g, ' ').trim()
  const letters = [...new Intl.Segmenter().segment(line)].map(({ segment }) => segment)
  return letters.length <= most && text.length <= enough ? line : `${letters.slice(0, most - 1).join('')}…`
}

/** The same number for the same text: for a colour. @param {string} text @param {number} below */
export function numberOf(text, below) {
  let sum = 7
  for (let at = 0; at < text.length && at < 64; at++) sum = (sum * 31 + text.charCodeAt(at)) % 1_000_003
  return sum % below
}
