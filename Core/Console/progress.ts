/** How far a long command is: on a terminal one line that is redrawn, else a line a step. On standard error: the result goes to the other. */
export class Progress {
  readonly #out = process.stderr
  #shown = false

  step(text: string): void {
    if (!this.#out.isTTY) return void this.#out.write(`${text}\n`)
    this.clear()
    this.#out.write(text)
    this.#shown = true
  }

  /** Takes the line off the terminal. */
  clear(): void {
    if (this.#shown) this.#out.write('\r\u001b[2K')
    this.#shown = false
  }
}
