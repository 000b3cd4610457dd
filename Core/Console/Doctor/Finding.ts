/** What the doctor has found. `bad` wants to be put right; `note` is worth knowing. */
export interface Finding {
  readonly check: string
  readonly state: 'good' | 'note' | 'bad'
  readonly text: string
}

export const good = (check: string, text: string): Finding => ({ check, state: 'good', text })
export const note = (check: string, text: string): Finding => ({ check, state: 'note', text })
export const bad = (check: string, text: string): Finding => ({ check, state: 'bad', text })
