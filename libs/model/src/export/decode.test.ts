import { TrunklineError } from '@trunkline/protocol';
import { unzipSync, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { decodeModel } from './decode-model.ts';
import { encodeModel, type EncodedModel, type ModelFormat } from './encode-model.ts';
import type { ExportedModel } from './exported-model.ts';
import { readModel } from './index.ts';
import { aboutOf } from './notes.ts';
import { blockModels, imageModel, tokenModel } from './test-models.ts';

const SAVED = new Date('2026-01-02T03:04:05Z');
const FILE_FORMATS = ['safetensors', 'keras', 'onnx'] as const;

/** The same layers, every weight zero. */
const emptied = (model: ExportedModel): ExportedModel => ({
  ...model,
  parts: model.parts.map((part) => ({ ...part, values: new Float32Array(part.values.length) })),
});

const cases: readonly (readonly [ModelFormat, ExportedModel])[] = [
  ...FILE_FORMATS.flatMap((format) => [imageModel(true), tokenModel()].map((model) => [format, model] as const)),
  ...blockModels().flatMap((model) => (['onnx', 'safetensors'] as const).map((format) => [format, model] as const)),
  ...[imageModel(), tokenModel()].map((model) => ['tfjs', model] as const),
];

test.each(cases)('%s gives back every weight and note of $name as it was written', (format, model) => {
  const opened = decodeModel(encodeModel(model, format, SAVED), format, 'x');
  const read = emptied(model);
  opened.fill(read);
  expect(read.parts.map(({ values }) => values)).toEqual(model.parts.map(({ values }) => values));
  expect(aboutOf(opened.notes)).toEqual(model.about);
  const { input, layers } = JSON.parse(opened.notes['trunk']!) as { input: unknown; layers: unknown };
  expect([input, layers]).toEqual([model.parts[1]!.stack.inputShape, model.parts[1]!.stack.specs]);
});

/** Reads a file as a token model's. */
const readTokens = (encoded: EncodedModel, format: ModelFormat): void =>
  decodeModel(encoded, format, 'x').fill(emptied(tokenModel()));

describe('a file that is not what was written is refused, and says why:', () => {
  const bytesOf = (format: (typeof FILE_FORMATS)[number]): Uint8Array =>
    (encodeModel(tokenModel(), format, SAVED) as { file: Uint8Array }).file;
  const kerasWith = (name: string, change: (text: string) => string): Uint8Array => {
    const files = unzipSync(bytesOf('keras'));
    files[name] = new TextEncoder().encode(change(new TextDecoder().decode(files[name])));
    return zipSync(files, { level: 0, mtime: '1980-01-01T12:00:00' });
  };

  test('other layers than its notes say', () => {
    const file = kerasWith('config.json', (text) => text.replace('softplus', 'sigmoid'));
    expect(() => readTokens({ file }, 'keras')).toThrow('its layers are not those of its notes');
  });

  test('no notes, as of another program', () => {
    const file = kerasWith('metadata.json', (text) => text.replace('"trunk"', '"other"'));
    expect(() => readTokens({ file }, 'keras')).toThrow('another program made it');
  });

  test('layers of another shape than the client’s', () => {
    const file = bytesOf('onnx');
    const { parts } = tokenModel();
    const other = imageModel().parts.slice(2);
    const opened = decodeModel({ file }, 'onnx', 'x');
    const model = { ...tokenModel(), parts: [...parts.slice(0, 2), ...other] };
    expect(() => opened.fill(model)).toThrow(/it holds no weights `head-|has shape \[/);
  });

  test.each(FILE_FORMATS)('%s cut short anywhere, or with a byte changed: never read as something else', (format) => {
    const whole = bytesOf(format);
    const refused = (file: Uint8Array): boolean => {
      try {
        readTokens({ file }, format);
        return false;
      } catch (error) {
        expect(error).toBeInstanceOf(TrunklineError);
        return true;
      }
    };
    const places = Array.from({ length: 60 }, (_, i) => Math.floor((whole.length * i) / 60));
    for (const length of places) expect(refused(whole.slice(0, length)), `${length} bytes`).toBe(true);
    // A byte of a weight makes another weight, which no format but the zip notices: at least nothing but our own error is thrown.
    for (const at of places) {
      const changed = whole.slice();
      changed[at]! ^= 0x40;
      refused(changed);
    }
  });

  test('a tfjs folder whose weights end early, or lie outside of it', () => {
    const { folder } = encodeModel(tokenModel(), 'tfjs', SAVED) as Extract<EncodedModel, { folder: unknown }>;
    const short = { ...folder, 'weights.bin': folder['weights.bin']!.slice(0, -4) };
    expect(() => readTokens({ folder: short }, 'tfjs')).toThrow('its weights end within');
    const json = new TextDecoder().decode(folder['model.json']).replace('"weights.bin"', '"../weights.bin"');
    const outside = { ...folder, 'model.json': new TextEncoder().encode(json) };
    expect(() => readTokens({ folder: outside }, 'tfjs')).toThrow('has another form at `weightsManifest.0.paths.0`');
  });
});

test.each(['none.onnx', 'none', 'none/model.json'])('%s that is not there is told with what to name', (path) => {
  expect(() => readModel({ read: () => null }, path)).toThrow(/holds no trained model: there is no such/);
});
