import { bytes, double, float, int, message, text } from '@trunkline/model/protobuf';

/**
 * TensorBoard's `Event` message (tensorflow/core/util/event.proto) in protocol buffers, as far as scalars need it:
 * Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5 },
 * Summary { repeated Value value = 1 }, Value { string tag = 1; float simple_value = 2 }.
 */

/** The first event of every file. @param seconds since 1970 */
export const versionEvent = (seconds: number): Uint8Array => message([double(1, seconds), text(3, 'brain.Event:2')]);

/** Scalars of one step. @param seconds since 1970 @param step a whole number ≥ 0 */
export function scalarEvent(seconds: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) => bytes(1, message([text(1, tag), float(2, value)])));
  return message([double(1, seconds), int(2, step), bytes(5, message(values))]);
}
