import { expect, test } from 'vitest';
import { encodeModel } from '../export/index.ts';
import { encodeSafetensors } from '../store/index.ts';
import { buildTrunk, initialTrunk, readTrunkFile, trunkSchema, trunkStart, type Trunk } from './index.ts';

const build = (...layers: object[]) => buildTrunk({ input: [4], layers: layers as never }, { at: 'trunk' });
const small = build({ dense: { units: 3 } }, { dense: { units: 2, activation: 'relu' } });
/** As `coordinator export` writes it. */
function exported(trunk: Trunk, seed = 9): Uint8Array {
  const about = { run: 'one', rounds: '7' };
  const parts = [{ name: 'trunk', stack: trunk, values: initialTrunk(trunk, seed) } as const];
  const encoded = encodeModel({ name: 'one', parts, scores: null, about }, 'safetensors', new Date(0));
  if ('folder' in encoded) throw new Error('a folder');
  return encoded.file;
}
const start = (trunk: Trunk, bytes: Uint8Array, partial = false) =>
  trunkStart(trunk, bytes, { file: 'old.safetensors', partial, at: 'run.yaml:3:9' });
const filled = (trunk: Trunk, bytes: Uint8Array, partial = false) => {
  const theta = initialTrunk(trunk, 1);
  start(trunk, bytes, partial).fill(theta);
  return theta;
};

test('a trunk starts from the very values that were exported, the file’s spec builds it again', () => {
  const bytes = exported(small);
  expect(filled(small, bytes)).toEqual(initialTrunk(small, 9));
  const { spec, rounds } = readTrunkFile(bytes, 'old.safetensors');
  expect([buildTrunk(spec!, { at: 'file' }).digest, rounds]).toEqual([small.digest, 7]);
});

test('names every layer that has another shape, is missing, or is too many', () => {
  const wider = build({ dense: { units: 5 } }, { layerNormalization: {} }, { dense: { units: 2 } });
  const sentence =
    /old\.safetensors is not of this trunk: `0-dense\/kernel` has shape \[4, 3\] there, \[4, 5\] here; `0-dense\/bias` has shape \[3\] there, \[5\] here; `1-layerNormalization\/gamma` is not in the file; .*`2-dense\/bias` is not in the file; the trunk has no `1-dense\/bias`; the trunk has no `1-dense\/kernel`/;
  expect(() => start(wider, exported(small))).toThrow(sentence);
  // Another shape is no matter of taste.
  expect(() => start(wider, exported(small), true)).toThrow(
    /\[4, 3\] there, \[4, 5\] here; `0-dense\/bias` has shape \[3\] there, \[5\] here\./,
  );
});

test('keeps seeded values, and leaves tensors out, only where partial says so, and says which', () => {
  const longer = build({ dense: { units: 3 } }, { layerNormalization: {} }, { dense: { units: 2 } });
  expect(() => start(longer, exported(small))).toThrow('`1-layerNormalization/gamma` is not in the file');
  const { seeded, unused } = start(longer, exported(small), true);
  expect(seeded).toEqual(['1-layerNormalization/gamma', '1-layerNormalization/beta', '2-dense/kernel', '2-dense/bias']);
  expect(unused).toEqual(['1-dense/bias', '1-dense/kernel']);
  const [theta, seed, old] = [filled(longer, exported(small), true), initialTrunk(longer, 1), initialTrunk(small, 9)];
  expect(theta.subarray(0, 15)).toEqual(old.subarray(0, 15));
  expect(theta.subarray(15)).toEqual(seed.subarray(15));
  expect(() => start(build({ layerNormalization: {} }), exported(small), true)).toThrow('shares no layer');
});

test('refuses what is no safetensors file, holds no trunk, another type or a value that is not finite', () => {
  const file = (name: string, values: Float32Array | Float64Array) =>
    encodeSafetensors({ tensors: { [name]: { shape: [4, 2], values } }, metadata: {} });
  const one = build({ dense: { units: 2, useBias: false } });
  expect(() => start(one, new Uint8Array(5))).toThrow(/old\.safetensors: this is not a readable safetensors file/);
  expect(() => start(one, file('head-0-dense/kernel', new Float32Array(8)))).toThrow(/no tensor `trunk-\.\.\.`/);
  expect(() => start(one, file('trunk-0-dense/kernel', new Float64Array(8)))).toThrow('not of type F32');
  expect(() => start(one, file('trunk-0-dense/kernel', new Float32Array(8).fill(NaN)))).toThrow('holds NaN');
});

test('`from` is a file’s name, or one with conditions', () => {
  const layers = [{ dense: { units: 2 } }];
  const from = (value: unknown) => trunkSchema.safeParse({ input: [4], layers, from: value });
  expect(from('a.safetensors').data?.from).toEqual({ file: 'a.safetensors', partial: false });
  expect(from({ file: 'a.safetensors', partial: true }).data?.from).toEqual({ file: 'a.safetensors', partial: true });
  expect(from({ file: 'a.safetensors', sha256: 'abc' }).success).toBe(false);
  expect(trunkSchema.safeParse({ input: [4], layers }).data).not.toHaveProperty('from');
});
