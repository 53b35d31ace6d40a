import { streamOf, type Labelled } from '@trunkline/client';
import type { Plan, TrunkStep } from '@trunkline/coordinator';
import { createErrorFeedback, decodeValues, encodeValues, type Coded } from '@trunkline/model/codec';
import { codecOfKind, isLossy } from '@trunkline/protocol';

/** What a run's codecs make of the vectors that would cross the wire, without one: each is written and read again. */
export interface CodedWire {
  /** A trunk, and SCAFFOLD's control variate with it, as this client's rounds learn from it. */
  broadcast(keeper: Pick<TrunkStep, 'theta' | 'control'>, client?: string): Pick<TrunkStep, 'theta' | 'control'>;
  /** A client's gradient as the coordinator gets it. */
  carry(client: string, label: Labelled, values: Float32Array): Float32Array;
}

/** @param relayed clients behind a relay, whose vectors stay float32 */
export function codedWire(
  { codecs: { up, down }, trunk: { layout } }: Plan,
  relayed: ReadonlySet<string> = new Set(),
): CodedWire {
  const { length } = layout;
  const kept = new Map<string, ReturnType<typeof createErrorFeedback>>();
  const feedbackOf = (client: string) => {
    const feedback = kept.get(client) ?? createErrorFeedback(up, length);
    kept.set(client, feedback);
    return feedback;
  };
  const read = ({ bytes, encoding }: Coded, codec: Parameters<typeof decodeValues>[0]['codec'], elements: number) =>
    decodeValues({ bytes, encoding, codec, what: 'A vector' }, new Float32Array(elements));
  let last: { from: Float32Array; result: ReturnType<CodedWire['broadcast']> } | undefined;
  return {
    broadcast({ theta, control }, client = '') {
      if (!down || !isLossy(down) || relayed.has(client)) return { theta, control };
      if (last?.from === theta) return last.result;
      const both = control ? Float32Array.from([...theta, ...control]) : theta;
      const values = read(encodeValues(down, both), down, both.length);
      const result = { theta: values.subarray(0, length), control: control && values.subarray(length) };
      last = { from: theta, result };
      return result;
    },
    carry(client, { kind, tasks }, values) {
      if (!up || relayed.has(client)) return values;
      if (kind === 'sum' || kind === 'row') {
        const coded = feedbackOf(client).encode(streamOf({ kind, tasks }), values);
        return read(coded, up, length);
      }
      const aside = codecOfKind(kind, up)!;
      return aside.name === 'topk' ? values : read(encodeValues(aside, values), aside, length);
    },
  };
}
