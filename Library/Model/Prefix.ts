import type { KyselyPlugin, SchemableIdentifierNode } from 'kysely'
import { kysely } from '../DB/kysely'

/** Lets queries call a table by its short name: wherever it stands, it gets the prefix. */
export function prefixPlugin(table: string, prefix: string): KyselyPlugin {
  const { OperationNodeTransformer } = kysely()
  class Renames extends OperationNodeTransformer {
    protected override transformSchemableIdentifier(node: SchemableIdentifierNode): SchemableIdentifierNode {
      const { identifier } = node
      if (identifier.name !== table) return node
      return { ...node, identifier: { ...identifier, name: prefix + table } }
    }
  }
  const renames = new Renames()
  return {
    transformQuery: ({ node, queryId }) => renames.transformNode(node, queryId),
    transformResult: async ({ result }) => result,
  }
}
