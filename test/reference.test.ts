import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { oneOf } from '@trunkline/model/config';
import { inputSchema, keyTable, kindTable } from './reference/key-table.ts';
import { pages } from './reference/pages.ts';

describe('docs/reference', () => {
  it.each(pages.map((page) => [page.name, page] as const))(
    '%s says what the code says (else: npm run reference)',
    async (_, { file, write }) => {
      expect(await readFile(file, 'utf8')).toBe(await write());
    },
  );
});

describe('a table of keys', () => {
  const schema = inputSchema(
    z.strictObject({
      rounds: z.number().int().positive().describe('How many | how long.'),
      mode: z.strictObject({ wait: z.boolean().default(true) }).prefault({}),
      tasks: z.array(z.strictObject({ id: z.string(), rate: z.number().min(0).lt(1).optional() })).optional(),
      kind: z.union([z.enum(['a', 'b']), z.array(z.string())]).optional(),
      shape: z.tuple([z.literal(1), z.number()]).optional(),
      weights: z.record(z.string(), z.number()).default({}),
      how: oneOf({ adam: z.strictObject({ beta: z.number().default(0.9) }), sgd: z.strictObject({}) }).optional(),
    }),
  );
  const rows = keyTable(schema).split('\n').slice(2);

  it('says value, bound, default, requirement and meaning of each key, nested ones too', () => {
    expect(rows).toEqual([
      '| `rounds` | whole number > 0 | **required** | How many \\| how long. |',
      '| `mode` | keys `wait` |  |  |',
      '| `mode.wait` | `true`, `false` | `true` |  |',
      '| `tasks` | list of keys `id`, `rate` |  |  |',
      '| `tasks[].id` | text | **required** |  |',
      '| `tasks[].rate` | number ≥ 0 and < 1 |  |  |',
      '| `kind` | `a`, `b` or list of text |  |  |',
      '| `shape` | [`1`, number] |  |  |',
      '| `weights` | name: number |  |  |',
      '| `how` | one of `adam`, `sgd` |  |  |',
      '| `how.adam` | keys `beta` |  |  |',
      '| `how.adam.beta` | number | `0.9` |  |',
      '| `how.sgd` | no keys |  |  |',
    ]);
  });

  it('leaves to another section what has one', () => {
    expect(keyTable(schema, ['tasks'])).not.toContain('tasks[].id');
  });

  it('names a kind once, and one without parameters too', () => {
    const kinds = {
      sgd: inputSchema(z.strictObject({ a: z.string(), b: z.string() })),
      mean: inputSchema(z.strictObject({})),
    };
    expect(kindTable('kind', kinds).split('\n').slice(2)).toEqual([
      '| `sgd` | `a` | text | **required** |  |',
      '|  | `b` | text | **required** |  |',
      '| `mean` |  |  |  |  |',
    ]);
  });
});
