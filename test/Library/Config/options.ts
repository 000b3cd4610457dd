import { override } from '../../../Library/Config/Environment'
import type { Rule } from '../../../Library/Config/Rule'

/** The variables of the environment, as the README and the first issue name them. */
export const VARIABLES = [
  'APP_OUTSIDE_HOST',
  'APP_OUTSIDE_PORT',
  'APP_MANAGER_HOST',
  'APP_MANAGER_PORT',
  'APP_MANAGER_TOKEN',
  'APP_AUTH_CHECK',
  'APP_AUTH_KEY',
  'APP_AUTH_TTL',
  'APP_MODE',
  'APP_ACK',
  'APP_RATE',
  'APP_GATEWAYS',
  'APP_WORKERS',
  'APP_TASK_WORKERS',
  'APP_LOG_LEVEL',
] as const

export interface Option {
  readonly name: string
  /** undefined: it has none. */
  readonly byDefault: unknown
  readonly about: string
  /** The variable of the environment that sets it. */
  readonly variable: string | undefined
}

/** Every option of a schema; `<name>` stands for a name that the user chooses. */
export function optionsOf(schema: Rule<unknown>): Option[] {
  const variables = new Map<string, string>()
  for (const name of VARIABLES) {
    for (const option of override({}, { [name]: '' }).from.keys()) {
      variables.set(option.replace('outside.main.', 'outside.<name>.'), name)
    }
  }
  return leaves(schema, []).map((option) => ({ ...option, variable: variables.get(option.name) }))
}

function leaves({ about, byDefault, inside }: Rule<unknown>, path: readonly string[]): Omit<Option, 'variable'>[] {
  const { options, each } = inside
  if (options) return Object.entries(options).flatMap(([name, rule]) => leaves(rule, [...path, name]))
  if (each?.inside.options) return leaves(each, [...path, '<name>'])
  return [{ name: path.join('.'), byDefault, about }]
}
