import { fail } from '@trunkline/protocol';
import { sizeOf, type Shape } from '../layout.ts';
import type { Block } from './block.ts';
import type { OpenContext, Path } from './files.ts';
import type { NdArray } from './npy.ts';
import type { Column, Split } from './source.ts';

/** An array with what errors call it and where the client file names it. */
export interface Named {
  readonly array: NdArray;
  readonly name: string;
  /** The file that it lies in; one of its own where the array is a file. */
  readonly file: string;
  readonly key: Path;
}

/**
 * A block of an array of inputs, [N, ...row], and arrays of targets, [N, ...row]; targets [N, 1] become [N], inputs [N]
 * become [N, 1]. Inputs are divided by `scale` when they are read.
 * @throws DATA_SHAPE, DATA_NOT_FINITE
 */
export function arrayBlock(made: {
  readonly inputs: Named;
  readonly targets: Readonly<Record<string, Named>>;
  readonly scale: number | undefined;
  readonly context: OpenContext;
}): Block & { readonly inputShape: Shape } {
  const { inputs, context, scale = 1 } = made;
  const inputShape = rowShape(inputs, context);
  const size = inputs.array.shape[0]!;
  const width = sizeOf(inputShape);
  const { values } = inputs.array;
  requireFinite(inputs, { width, scale });
  const targets: Record<string, Column> = {};
  for (const [target, named] of Object.entries(made.targets)) {
    const { shape } = named.array;
    if (shape[0] !== size) {
      const expected = `${size} rows, as \`${inputs.name}\` has`;
      const remedy = 'Inputs and targets must have the same rows in the same order.';
      throw shapeError(named, { context, expected, remedy });
    }
    targets[target] = numberColumn(named);
  }
  return {
    size,
    inputShape,
    targets,
    place: (row, target) =>
      `${row} of ${(target === undefined ? undefined : made.targets[target])?.name ?? inputs.name}`,
    inMemory: true,
    inputs(rows) {
      const out = new Float32Array(rows.length * width);
      for (let i = 0; i < rows.length; i++) {
        const from = rows[i]! * width;
        if (scale === 1) out.set(values.subarray(from, from + width), i * width);
        else for (let j = 0; j < width; j++) out[i * width + j] = values[from + j]! / scale;
      }
      return out;
    },
  };
}

/** @throws DATA_SHAPE where splits of one source have rows of different shapes */
export function sameShapes(
  blocks: Partial<Record<Split, { block: Block & { readonly inputShape: Shape }; inputs: Named }>>,
  context: OpenContext,
): void {
  const [first, ...others] = Object.values(blocks);
  for (const { block, inputs } of others) {
    if (block.inputShape.join() === first!.block.inputShape.join()) continue;
    const expected = `rows of shape [${first!.block.inputShape.join(', ')}], as in \`${first!.inputs.name}\``;
    throw shapeError(inputs, { context, expected, remedy: 'All splits must have the same inputs.' });
  }
}

function shapeError(
  { array, name, file, key }: Named,
  about: { context: OpenContext; expected: string; remedy: string },
) {
  const { context, expected, remedy } = about;
  return fail('DATA_SHAPE', {
    at: context.at(key),
    array: name,
    file,
    found: array.shape.join(', '),
    expected,
    remedy,
  });
}

function rowShape(inputs: Named, context: OpenContext): Shape {
  const [rows, ...rest] = inputs.array.shape;
  if (rows === undefined || rest.includes(0)) {
    const expected = 'one row a sample along the first axis';
    throw shapeError(inputs, { context, expected, remedy: 'Name the array that holds the inputs.' });
  }
  return rest.length === 0 ? [1] : rest;
}

/** Integers are always finite; floats must stay so as float32. */
function requireFinite(inputs: Named, { width, scale }: { width: number; scale: number }): void {
  const { values } = inputs.array;
  if (!(values instanceof Float32Array || values instanceof Float64Array)) return;
  const wrong = values.findIndex((value) => !Number.isFinite(Math.fround(value / scale)));
  if (wrong < 0) return;
  const row = Math.floor(wrong / width);
  throw fail('DATA_NOT_FINITE', { file: inputs.file, array: inputs.name, row, found: String(values[wrong]) });
}

function numberColumn({ array, name, file }: Named): Column {
  const rest = array.shape.slice(1);
  const shape = rest.length === 1 && rest[0] === 1 ? [] : rest;
  const values = Float32Array.from(array.values);
  const wrong = values.findIndex((value) => Math.abs(value) === Infinity);
  if (wrong >= 0) {
    const row = Math.floor(wrong / sizeOf(shape));
    throw fail('DATA_NOT_FINITE', { file, array: name, row, found: String(array.values[wrong]) });
  }
  return { kind: 'number', shape, values };
}
