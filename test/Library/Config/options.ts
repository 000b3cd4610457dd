import { toJsonSchema } from '@valibot/to-json-schema'
import { z } from 'zod'
import { override } from '../../../Library/Config/Environment'
import type { appSchema, cacheSchema, dbSchema } from '../../../Library/Config/Schema'

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

const Node = z.object({
  default: z.unknown().optional(),
  description: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
})

/** Every option of a schema; `<name>` stands for a name that the user chooses. */
export function optionsOf(schema: typeof appSchema | typeof cacheSchema | typeof dbSchema): Option[] {
  const variables = new Map<string, string>()
  for (const name of VARIABLES) {
    for (const option of override({}, { [name]: '' }).from.keys()) {
      variables.set(option.replace('outside.main.', 'outside.<name>.'), name)
    }
  }
  return leaves(toJsonSchema(schema, { typeMode: 'input', errorMode: 'ignore' }), []).map((option) => ({
    ...option,
    variable: variables.get(option.name),
  }))
}

function leaves(json: unknown, path: readonly string[]): Omit<Option, 'variable'>[] {
  const { properties, additionalProperties, description, default: byDefault } = Node.parse(json)
  if (properties) return Object.entries(properties).flatMap(([name, below]) => leaves(below, [...path, name]))
  const named = z.object({ properties: z.unknown().optional() }).safeParse(additionalProperties)
  if (named.data?.properties) return leaves(additionalProperties, [...path, '<name>'])
  return [{ name: path.join('.'), byDefault, about: description ?? '' }]
}
