import { encode } from 'uqr'

/** Black and white of the 256-colour table: what a theme makes of the sixteen basic ones is not for a camera. */
const BLACK = 16
const WHITE = 231

/** Modules around the code that stay white, so that a camera finds it on a dark terminal as well. */
const BORDER = 2

/** The lines of a QR code for a terminal of any colours; two rows of the code are one line. */
export function qrCode(text: string): string[] {
  const { data, size } = encode(text, { border: BORDER })
  const colour = (row: number, column: number) => (data[row]?.[column] ? BLACK : WHITE)
  return Array.from({ length: Math.ceil(size / 2) }, (_, line) => {
    const cells = Array.from({ length: size }, (_, column) => {
      const [top, bottom] = [colour(2 * line, column), colour(2 * line + 1, column)]
      return `\x1b[38;5;${top};48;5;${bottom}m▀`
    })
    return `${cells.join('')}\x1b[0m`
  })
}
