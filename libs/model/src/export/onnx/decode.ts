import { fieldsOf, type Field } from '../../protobuf/index.ts';
import { sizeOf } from '../../layout.ts';
import { layersOf, type ModelLayer } from '../exported-model.ts';
import { copyWeights, type Broken, type NamedWeights, type OpenedModel } from '../opened-model.ts';
import { kernelTurn, turnedKernel } from './kernel-turn.ts';

/** Field numbers of onnx.proto that are read. */
const MODEL = { graph: 7, metadata: 14 };
const ENTRY = { key: 1, value: 2 };
const INITIALIZER = 5;
const TENSOR = { dims: 1, type: 2, name: 8, raw: 9 };
const FLOAT = 1;

/** The bytes of `encodeOnnxModel`, opened: notes from its metadata, weights from the graph's initializers. */
export function decodeOnnxModel(bytes: Uint8Array, broken: Broken): OpenedModel {
  const fields = (message: Uint8Array): readonly Field[] => {
    const read = fieldsOf(message);
    if (!read) throw broken('it is no message of protobuf, or cut short.');
    return read;
  };
  const model = fields(bytes);
  const notes = embedded(model, MODEL.metadata).map((entry) => {
    const own = fields(entry);
    return [textIn(own, ENTRY.key), textIn(own, ENTRY.value)] as const;
  });
  return {
    notes: Object.fromEntries(notes),
    fill(to) {
      const graph = embedded(model, MODEL.graph)[0] ?? new Uint8Array();
      const found = embedded(fields(graph), INITIALIZER).flatMap((tensor) => weightsIn(fields(tensor), broken));
      for (const layer of layersOf(to).flatMap(withInner)) copyLayer(layer, found, broken);
    },
  };
}

const embedded = (fields: readonly Field[], number: number): Uint8Array[] =>
  fields.flatMap((field) => (field.number === number && field.value instanceof Uint8Array ? [field.value] : []));

const textIn = (fields: readonly Field[], number: number): string =>
  new TextDecoder().decode(embedded(fields, number)[0]);

/** A tensor of floats; of another type nothing, those are shapes. */
function weightsIn(fields: readonly Field[], broken: Broken): NamedWeights[] {
  const whole = (number: number) =>
    fields.flatMap((field) => (field.number === number && typeof field.value === 'number' ? [field.value] : []));
  if (whole(TENSOR.type)[0] !== FLOAT) return [];
  const [name, shape, raw] = [textIn(fields, TENSOR.name), whole(TENSOR.dims), embedded(fields, TENSOR.raw)[0]];
  if (raw?.length !== 4 * sizeOf(shape)) throw broken(`its tensor \`${name}\` lies in another way than raw.`);
  return [{ name, shape, values: new Float32Array(raw.slice().buffer) }];
}

/** A block's own weights are its inner layers' and, of a residual that changes the shape, a projection. */
const withInner = (layer: ModelLayer): readonly ModelLayer[] =>
  layer.inner
    ? [
        { ...layer, weights: layer.weights.filter(({ name }) => name === PROJECTION) },
        ...layer.inner.flatMap(withInner),
      ]
    : [layer];
const PROJECTION = 'projection/kernel';

function copyLayer(layer: ModelLayer, found: readonly NamedWeights[], broken: Broken): void {
  const named = layer.weights.map((weights) => ({ ...weights, name: `${layer.name}/${weights.name}` }));
  if (!['conv2d', 'depthwiseConv2d'].includes(layer.kind)) return copyWeights(named, found, broken);
  const [kernel, ...others] = named;
  const { shape, pixels, inputs, outputs } = kernelTurn(layer);
  const turned = new Float32Array(kernel!.values.length);
  copyWeights([{ name: kernel!.name, shape, values: turned }, ...others], found, broken);
  kernel!.values.set(turnedKernel(turned, { pixels: outputs, inputs, outputs: pixels }));
}
