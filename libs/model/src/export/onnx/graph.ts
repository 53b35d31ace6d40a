import { bytes, float, int, message, text } from '../../protobuf/index.ts';
import type { Shape } from '../../layout.ts';

/** A whole number, a list of them, or a number that ONNX declares as `float`. */
export type Attribute = number | readonly number[] | { readonly float: number };

/** A tensor on its way through the graph. */
export interface Value {
  readonly name: string;
  /** Without the batch axis; of an image always [height, width, channels], as our layers have it. */
  readonly shape: Shape;
  /** True: the tensor itself is [batch, channels, height, width], as convolutions of ONNX want it. */
  readonly channelsFirst: boolean;
}

/** Nodes and constants of one layer, under its name. */
export interface GraphPart {
  /** A node with one output. @param as the output's name; left out: one that nothing has yet @returns it */
  node(type: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>, as?: string): string;
  /** A tensor of floats. @returns its name */
  constant(name: string, shape: Shape, values: Float32Array): string;
  /** A list of whole numbers, such as a shape. @returns its name */
  list(name: string, values: readonly number[]): string;
}

/** An ONNX graph while it grows. Numbers of fields and of types are those of onnx.proto (ONNX 1.x, IR version 7). */
export interface Graph {
  part(name: string): GraphPart;
  /** The message `GraphProto`. */
  encode(name: string, input: Value, output: Value): Uint8Array;
}

const FLOAT = 1;
const INT64 = 7;
/** AttributeProto.AttributeType */
const ATTRIBUTE = { float: 1, int: 2, ints: 7 } as const;

export function createGraph(): Graph {
  const nodes: Uint8Array[] = [];
  const initializers: Uint8Array[] = [];
  const names = new Set<string>();
  const unused = (wanted: string): string => {
    let name = wanted;
    for (let n = 1; names.has(name); n++) name = `${wanted}_${n}`;
    names.add(name);
    return name;
  };
  const tensor = (wanted: string, shape: Shape, type: number, raw: Uint8Array): string => {
    const name = unused(wanted);
    const dims = shape.map((side) => int(1, side));
    initializers.push(bytes(5, message([...dims, int(2, type), text(8, name), bytes(9, raw)])));
    return name;
  };
  return {
    part: (part) => ({
      node(type, inputs, attributes = {}, as = unused(`${part}/${type}`)) {
        const given = Object.entries(attributes).map(([key, value]) => bytes(5, attribute(key, value)));
        const from = inputs.map((input) => text(1, input));
        nodes.push(bytes(1, message([...from, text(2, as), text(3, as), text(4, type), ...given])));
        return as;
      },
      constant: (name, shape, values) =>
        tensor(`${part}/${name}`, shape, FLOAT, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
      list: (name, values) =>
        tensor(
          `${part}/${name}`,
          [values.length],
          INT64,
          new Uint8Array(BigInt64Array.from(values, (value) => BigInt(value)).buffer),
        ),
    }),
    encode: (name, input, output) =>
      message([...nodes, text(2, name), ...initializers, bytes(11, valueInfo(input)), bytes(12, valueInfo(output))]),
  };
}

function attribute(name: string, value: Attribute): Uint8Array {
  const field = text(1, name);
  if (typeof value === 'number') return message([field, int(3, value), int(20, ATTRIBUTE.int)]);
  if ('float' in value) return message([field, float(2, value.float), int(20, ATTRIBUTE.float)]);
  return message([field, ...value.map((each) => int(8, each)), int(20, ATTRIBUTE.ints)]);
}

/** ValueInfoProto of floats with a batch axis of any length. */
function valueInfo({ name, shape }: Value): Uint8Array {
  const sides = [text(2, 'batch'), ...shape.map((side) => int(1, side))].map((side) => bytes(1, side));
  const tensorType = message([int(1, FLOAT), bytes(2, message(sides))]);
  return message([text(1, name), bytes(2, bytes(1, tensorType))]);
}
