/**
 * TensorBoard's `Event` message (tensorflow/core/util/event.proto) in protocol buffers, as far as scalars need it:
 * Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5 },
 * Summary { repeated Value value = 1 }, Value { string tag = 1; float simple_value = 2 }.
 */

/** Wire types of protocol buffers. */
const VARINT = 0;
const EIGHT_BYTES = 1;
const LENGTH = 2;
const FOUR_BYTES = 5;

const key = (field: number, type: number): number[] => [(field << 3) | type];

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return bytes;
}

function double(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}

function float(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return bytes;
}

const embedded = (field: number, bytes: readonly number[]): number[] => [
  ...key(field, LENGTH),
  ...varint(bytes.length),
  ...bytes,
];
const text = (field: number, value: string): number[] => embedded(field, [...new TextEncoder().encode(value)]);
const wallTime = (seconds: number): number[] => [...key(1, EIGHT_BYTES), ...double(seconds)];

/** The first event of every file. @param seconds since 1970 */
export const versionEvent = (seconds: number): Uint8Array =>
  Uint8Array.from([...wallTime(seconds), ...text(3, 'brain.Event:2')]);

/** Scalars of one step. @param seconds since 1970 @param step a whole number ≥ 0 */
export function scalarEvent(seconds: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const values = Object.entries(scalars).flatMap(([tag, value]) =>
    embedded(1, [...text(1, tag), ...key(2, FOUR_BYTES), ...float(value)]),
  );
  return Uint8Array.from([...wallTime(seconds), ...key(2, VARINT), ...varint(step), ...embedded(5, values)]);
}
