import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { unzipSync } from 'fflate';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fileDisk } from '../disk/index.ts';
import { forward } from '../layer/forward.ts';
import { placeStack } from '../layer/stack.ts';
import { viewOf } from '../layout.ts';
import { randomStream } from '../random.ts';
import { decodeSafetensors, folderOf as folderOfPath } from '../store/index.ts';
import type { ExportedModel } from './exported-model.ts';
import { encodeModel, writeModel } from './index.ts';
import { lookup3 } from './lookup3.ts';
import { imageModel, someRows, tokenModel } from './test-models.ts';

const ROWS = 5;
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
const fileOf = (model: ExportedModel, format: 'keras' | 'safetensors') => {
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

  test.skipIf(!python).each([imageModel(true), tokenModel()])(
    'of $name opens in Python Keras 3, and in Python safetensors, and scores as we do (skipped without TRUNKLINE_PYTHON)',
    { timeout: 120_000 },
    (model) => {
      const folder = mkdtempSync(join(tmpdir(), 'trunkline-export-'));
      try {
        const disk = fileDisk();
        for (const ending of ['keras', 'safetensors'])
          writeModel(disk, model, { to: join(folder, `model.${ending}`), force: false, saved: SAVED });
        const rows = someRows(model, ROWS);
        writeFileSync(join(folder, 'rows.f32'), new Uint8Array(rows.buffer));
        const shape = [ROWS, ...model.parts[0]!.stack.inputShape];
        const environment = { ...process.env, KERAS_BACKEND: process.env['KERAS_BACKEND'] ?? 'jax' };
        const output = execFileSync(python!, ['-c', PROGRAM, folder, JSON.stringify(shape)], {
          encoding: 'utf8',
          env: environment,
        });
        const { scores, tensors } = JSON.parse(output.trim().split('\n').at(-1)!) as {
          scores: number[];
          tensors: Record<string, number[]>;
        };
        expect(furthest(scores, own(model, rows))).toBeLessThan(1e-5);
        const ours = Object.entries(decodeSafetensors(fileOf(model, 'safetensors')).tensors);
        expect(tensors).toEqual(Object.fromEntries(ours.map(([name, { shape: sides }]) => [name, sides])));
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});

/** Opens both files with the libraries that made the formats. */
const PROGRAM = `
import json, sys
import numpy, keras
from safetensors.numpy import load_file
folder, shape = sys.argv[1], json.loads(sys.argv[2])
rows = numpy.fromfile(folder + '/rows.f32', 'float32').reshape(shape)
model = keras.saving.load_model(folder + '/model.keras')
scores = model.predict(rows, verbose=0).ravel().tolist()
tensors = {name: list(value.shape) for name, value in load_file(folder + '/model.safetensors').items()}
print(json.dumps({'scores': scores, 'tensors': tensors}))
`;

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
