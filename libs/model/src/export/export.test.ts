import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { unzipSync } from 'fflate';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fileDisk } from '../disk/index.ts';
import { dense } from '../layer/dense.ts';
import { forward } from '../layer/forward.ts';
import type { LayerKind } from '../layer/layer.ts';
import { placeStack } from '../layer/stack.ts';
import { viewOf } from '../layout.ts';
import { randomStream } from '../random.ts';
import { decodeSafetensors, folderOf as folderOfPath } from '../store/index.ts';
import type { ExportedModel } from './exported-model.ts';
import { encodeModel, writeModel } from './index.ts';
import { lookup3 } from './lookup3.ts';
import { blockModels, imageModel, someRows, tokenModel } from './test-models.ts';

const ROWS = 5;
const PLAIN = dense.schema.parse({ units: 3 });
const SAVED = new Date('2026-01-02T03:04:05Z');
const python = process.env['TRUNKLINE_PYTHON'];

beforeAll(() => tf.setBackend('cpu'));
let before = 0;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

/** Scores [rows, 3] by our own layers. */
const own = (model: ExportedModel, rows: Float32Array): Float32Array =>
  tf.tidy(() => {
    const context = { tf, training: false, random: () => randomStream(0) };
    let value: tf.Tensor = tf.tensor(rows, [ROWS, ...model.parts[0]!.stack.inputShape]);
    for (const { stack, values } of model.parts) {
      const weights = stack.layout.slots.map((slot) => tf.tensor(viewOf(values, slot), [...slot.shape]));
      value = forward(stack, value, weights, context);
    }
    return tf.softmax(value).dataSync() as Float32Array;
  });

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

const folderOf = (model: ExportedModel) => {
  const encoded = encodeModel(model, 'tfjs', SAVED);
  if ('file' in encoded) throw new Error('a file');
  return encoded.folder;
};
const fileOf = (model: ExportedModel, format: 'keras' | 'onnx' | 'safetensors') => {
  const encoded = encodeModel(model, format, SAVED);
  if ('folder' in encoded) throw new Error('a folder');
  return encoded.file;
};

describe('a tfjs layers model', () => {
  test.each([imageModel(), tokenModel()])('of $name is loaded by tfjs itself and scores as we do', async (model) => {
    const { 'model.json': json, ...weights } = folderOf(model);
    const { modelTopology, weightsManifest } = JSON.parse(new TextDecoder().decode(json)) as {
      modelTopology: object;
      weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[];
    };
    expect(weightsManifest[0]!.paths).toEqual(Object.keys(weights));
    const loaded = await tf.loadLayersModel(
      tf.io.fromMemory({
        modelTopology,
        weightSpecs: weightsManifest[0]!.weights,
        weightData: weights['weights.bin']!.slice().buffer,
      }),
    );
    const rows = someRows(model, ROWS);
    const scores = tf.tidy(() => {
      const input = tf.tensor(rows, [ROWS, ...model.parts[0]!.stack.inputShape]);
      return (loaded.predict(input) as tf.Tensor).dataSync();
    });
    loaded.dispose();
    expect(furthest(scores, own(model, rows))).toBeLessThan(1e-6);
  });

  test('of a layer that tfjs has not is refused by the layer’s name', () => {
    expect(() => folderOf(imageModel(true))).toThrow(/trunk-6-groupNormalization .* tfjs layers model/);
  });

  test('of more than 4 MiB lies in several files, which together are all weights', () => {
    const stack = placeStack([{ dense: { units: 1500 } }], [1000], { at: 'trunk' });
    const values = Float32Array.from({ length: stack.layout.length }, (_, i) => i);
    const files = folderOf({ name: 'large', parts: [{ name: 'trunk', stack, values }], scores: null, about: {} });
    const [first, second] = [files['weights-1of2.bin']!, files['weights-2of2.bin']!];
    expect(first.length).toBe(4 * 1024 * 1024);
    expect(Buffer.compare(Buffer.concat([first, second]), new Uint8Array(values.buffer))).toBe(0);
  });
});

describe('safetensors', () => {
  test('hold every tensor in its shape, and the layers of each part', () => {
    const model = imageModel(true);
    const { tensors, metadata } = decodeSafetensors(fileOf(model, 'safetensors'));
    expect(tensors['adapter-0-conv2d/kernel']!.shape).toEqual([2, 3, 2, 3]);
    expect(Object.values(tensors).reduce((sum, { values }) => sum + values.length, 0)).toBe(
      model.parts.reduce((sum, { values }) => sum + values.length, 0),
    );
    const { input, layers } = JSON.parse(metadata['trunk']!) as { input: number[]; layers: [] };
    expect(placeStack(layers, input, { at: 'trunk' }).layout).toEqual(model.parts[1]!.stack.layout);
    expect(metadata).toMatchObject({ scores: 'softmax', task: 'images' });
  });
});

describe('a .keras file', () => {
  test('gives the same bytes for the same model, and holds what Keras asks for', () => {
    const bytes = fileOf(imageModel(true), 'keras');
    expect(fileOf(imageModel(true), 'keras')).toEqual(bytes);
    expect(Object.keys(unzipSync(bytes))).toEqual(['metadata.json', 'config.json', 'model.weights.h5']);
  });

  test('of a block is refused by the block’s name: it is no single layer there', () => {
    const stack = placeStack([{ residual: { layers: [{ dense: { units: 4 } }] } }], [4], { at: 'trunk' });
    const values = new Float32Array(stack.layout.length);
    const model: ExportedModel = { name: 'x', parts: [{ name: 'trunk', stack, values }], scores: null, about: {} };
    expect(() => fileOf(model, 'keras')).toThrow(/trunk-0-residual .* \.keras/);
  });
});

describe('an ONNX file', () => {
  /** Fields of a message by their numbers, as protobuf.dev describes the encoding; of what is no message or text nothing. */
  const fieldsOf = (message: Uint8Array): Map<number, Buffer[]> => {
    const bytes = Buffer.from(message);
    const found = new Map<number, Buffer[]>();
    let at = 0;
    const take = (length: number) => bytes.subarray(at, (at += length));
    const varint = (): number => {
      const byte = take(1)[0]!;
      return byte < 128 ? byte : byte - 128 + 128 * varint();
    };
    while (at < bytes.length) {
      const key = varint();
      const value = [() => take(0 * varint()), , () => take(varint()), , , () => take(4)][key & 7]!();
      found.set(key >> 3, [...(found.get(key >> 3) ?? []), value]);
    }
    return found;
  };

  test.each([imageModel(true), tokenModel(), ...blockModels()])(
    'of $name gives the same bytes twice, and each of its nodes takes what is there before it',
    (model) => {
      const bytes = fileOf(model, 'onnx');
      expect(fileOf(model, 'onnx')).toEqual(bytes);
      const graph = fieldsOf(fieldsOf(bytes).get(7)![0]!);
      const named = (messages: readonly Buffer[], field: number) =>
        messages.map((message) => String(fieldsOf(message).get(field)![0]));
      const constants = named(graph.get(5)!, 8);
      const known = new Set(['input', ...constants]);
      const used = new Set<string>();
      for (const node of graph.get(1)!) {
        const inputs = (fieldsOf(node).get(1) ?? []).map(String);
        for (const input of inputs) used.add(input);
        expect(inputs.filter((input) => !known.has(input))).toEqual([]);
        const [output] = fieldsOf(node).get(2)!.map(String);
        expect(known.has(output!)).toBe(false);
        known.add(output!);
      }
      expect(constants.filter((name) => !used.has(name))).toEqual([]);
      expect(named(graph.get(12)!, 1)).toEqual(['scores']);
      expect(known).toContain('scores');
    },
  );

  test('of a layer that a client module defines is refused by its name: what it computes only the module knows', () => {
    const own = { kind: 'dense', place: dense.place.bind(dense), schema: dense.schema };
    const placed: LayerKind<unknown> = { ...own, place: (shape, _, place) => own.place(shape, PLAIN, place) };
    const stack = placeStack([{ dense: placed }], [4], { at: 'trunk' });
    const values = new Float32Array(stack.layout.length);
    const model: ExportedModel = { name: 'x', parts: [{ name: 'trunk', stack, values }], scores: null, about: {} };
    expect(() => fileOf(model, 'onnx')).toThrow(
      /trunk-0-dense .* an ONNX file: what it computes only its module knows/,
    );
    expect(() => fileOf(model, 'keras')).toThrow(/trunk-0-dense/);
  });
});

test.skipIf(!python)(
  'Python’s Keras 3, onnxruntime and safetensors open what was exported and score as we do (skipped without TRUNKLINE_PYTHON)',
  { timeout: 120_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'trunkline-export-'));
    const plain = [imageModel(true), tokenModel()].map((model) => ({
      model,
      formats: ['keras', 'onnx', 'safetensors'],
    }));
    const cases = [...plain, ...blockModels().map((model) => ({ model, formats: ['onnx'] }))];
    try {
      for (const { model, formats } of cases) {
        const to = join(folder, model.name);
        for (const ending of formats)
          writeModel(fileDisk(), model, { to: `${to}.${ending}`, force: false, saved: SAVED });
        const rows = someRows(model, ROWS);
        writeFileSync(`${to}.rows`, new Uint8Array(rows.buffer));
        writeFileSync(`${to}.scores`, new Uint8Array(own(model, rows).slice().buffer));
      }
      const listed = cases.map(({ model: { name, parts }, formats }) => ({
        name,
        rows: [ROWS, ...parts[0]!.stack.inputShape],
        formats,
      }));
      writeFileSync(join(folder, 'cases.json'), JSON.stringify(listed));
      const program = join(import.meta.dirname, 'predict.py');
      const output = execFileSync(python!, [program, folder], { encoding: 'utf8', stdio: 'pipe', timeout: 110_000 });
      const gaps = JSON.parse(output.trim().split('\n').at(-1)!) as Record<string, Record<string, number>>;
      expect(Object.values(gaps).flatMap(Object.keys)).toHaveLength(8);
      for (const [name, each] of Object.entries(gaps))
        for (const [format, gap] of Object.entries(each)) expect(gap, `${name}.${format}`).toBeLessThan(1e-5);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test('lookup3 gives the values that its author’s own test prints (lookup3.c, driver5)', () => {
  expect(lookup3(new Uint8Array())).toBe(0xdeadbeef);
  expect(lookup3(new TextEncoder().encode('Four score and seven years ago'))).toBe(0x17770551);
});

test.each([
  ['model.keras', '.'],
  ['/model.keras', '/'],
  ['a/b/model.keras', 'a/b'],
])('%s is written into the folder %s', (path, folder) => expect(folderOfPath(path)).toBe(folder));

test('a file that is there is written over only when that is asked for', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-export-'));
  const write = (force: boolean) =>
    writeModel(fileDisk(), tokenModel(), { to: join(folder, 'deep', 'model.keras'), force, saved: SAVED });
  try {
    expect(write(false)).toEqual([join(folder, 'deep', 'model.keras')]);
    expect(() => write(false)).toThrow(/model\.keras is there already/);
    expect(write(true)).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
