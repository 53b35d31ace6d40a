import { z } from 'zod';

/** The part of JSON Schema that zod writes for a configuration file. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | false;
  readonly items?: JsonSchema | false;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** What a person may write for `schema`: before defaults and conversions. */
export const inputSchema = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

/** Text of a table cell: no line break, no bar that would end the cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

const KEY_HEAD = ['key', 'value', 'default', 'meaning'];

/** One row a key, the keys of a nested object after it as `mode.sync.deadlineMs`; `elsewhere` names keys that have a section of their own. */
export function keyTable(schema: JsonSchema, elsewhere: readonly string[] = []): string {
  return table(KEY_HEAD, rowsOf(schema, '', new Set(elsewhere)));
}

/** The parameters of several kinds, each under its name; a kind without any is one row. */
export function kindTable(
  name: string,
  kinds: Readonly<Record<string, JsonSchema>>,
  elsewhere: readonly string[] = [],
): string {
  const rows = Object.entries(kinds).flatMap(([kind, schema]) => {
    const keys = rowsOf(schema, '', new Set(elsewhere));
    const shown = keys.length > 0 ? keys : [['', '', '', '']];
    return shown.map((row, i) => [i === 0 ? code(kind) : '', ...row]);
  });
  return table([name, ...KEY_HEAD], rows);
}

function rowsOf(schema: JsonSchema, prefix: string, elsewhere: ReadonlySet<string>): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const path = prefix + key;
    const required = schema.required?.includes(key) ?? false;
    const row = [code(path), valueText(value), defaultText(value, required), value.description ?? ''];
    if (elsewhere.has(key)) return [row];
    const nested = innerOf(value);
    return [row, ...(nested ? rowsOf(nested.schema, `${path}${nested.mark}.`, elsewhere) : [])];
  });
}

/** The object whose keys stand under a key: the value itself, the parameters of a choice, or the elements of a list. */
function innerOf(value: JsonSchema): { schema: JsonSchema; mark: string } | undefined {
  if (value.properties) return { schema: value, mark: '' };
  const choice = choiceOf(value);
  if (choice) return { schema: { ...choice, required: [] }, mark: '' };
  return value.items && value.items.properties ? { schema: value.items, mark: '[]' } : undefined;
}

/** A choice by name, `adam` or `{ adam: {...} }`: its second form. */
function choiceOf({ anyOf }: JsonSchema): JsonSchema | undefined {
  const named = anyOf?.find((schema) => schema.properties);
  const bare = anyOf?.find((schema) => schema.enum);
  const same = named && bare && bare.enum!.join() === Object.keys(named.properties!).join();
  return same ? named : undefined;
}

const code = (text: unknown): string => `\`${typeof text === 'string' ? text : JSON.stringify(text)}\``;

function defaultText({ default: value }: JsonSchema, required: boolean): string {
  if (value === undefined) return required ? '**required**' : '';
  return value !== null && typeof value === 'object' && Object.keys(value).length === 0 ? '' : code(value);
}

/** `whole number > 0`, `list of text`, `"sum" or "rows"`. */
function valueText(schema: JsonSchema): string {
  const { type, anyOf, prefixItems, items, additionalProperties } = schema;
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(', ');
  const choice = choiceOf(schema);
  if (choice) return `one of ${Object.keys(choice.properties!).map(code).join(', ')}`;
  if (anyOf) return [...new Set(anyOf.map(valueText))].join(' or ');
  if (type === 'integer') return `whole number${boundText(schema)}`;
  if (type === 'number') return `number${boundText(schema)}`;
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'string') return 'text';
  if (prefixItems) return `[${prefixItems.map(valueText).join(', ')}]`;
  if (type === 'array') return `list of ${items ? valueText(items) : 'anything'}`;
  if (schema.properties) return objectText(schema.properties);
  if (type === 'object') return `name: ${additionalProperties ? valueText(additionalProperties) : 'anything'}`;
  return 'anything';
}

function objectText(properties: Readonly<Record<string, JsonSchema>>): string {
  const keys = Object.keys(properties);
  return keys.length === 0 ? 'no keys' : `keys ${keys.map(code).join(', ')}`;
}

function boundText({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const bounds = [
    exclusiveMinimum === undefined ? '' : `> ${exclusiveMinimum}`,
    minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? '' : `≥ ${minimum}`,
    exclusiveMaximum === undefined ? '' : `< ${exclusiveMaximum}`,
    maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : `≤ ${maximum}`,
  ].filter((bound) => bound !== '');
  return bounds.length === 0 ? '' : ` ${bounds.join(' and ')}`;
}
