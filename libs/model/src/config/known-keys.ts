import { z } from 'zod';
import type { Path } from './read-yaml.ts';

/** What a schema knows of one place: the keys there, and the texts that may stand there. */
export interface KnownThere {
  readonly keys: readonly string[];
  readonly texts: readonly string[];
}

/** Looks through optional, default and union wrappers. */
export function knownAt(schema: z.ZodType, path: Path): KnownThere {
  const json = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }) as JsonSchema;
  const resolve = (node: JsonSchema): JsonSchema[] => {
    if (node.$ref) return resolve(json.$defs?.[node.$ref.split('/').pop()!] ?? {});
    return [node, ...[...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])].flatMap(resolve)];
  };
  let nodes = resolve(json);
  for (const key of path) {
    nodes = nodes.flatMap((node) => {
      const inner = typeof key === 'number' ? node.items : (node.properties?.[key] ?? node.additionalProperties);
      return inner && typeof inner === 'object' ? resolve(inner) : [];
    });
  }
  return {
    keys: [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))],
    texts: [
      ...new Set(nodes.flatMap((node) => [...(node.enum ?? []), ...('const' in node ? [node.const] : [])])),
    ].filter((text) => typeof text === 'string'),
  };
}

interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  enum?: unknown[];
  const?: unknown;
}
