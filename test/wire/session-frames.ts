import { Encoder } from '@trunkline/protocol';
import { machine, offerOf } from './thin-client.ts';

const digest = 'ab'.repeat(32);
const id = { round: 3, attempt: 1 };
const encoder = new Encoder();
let next = 0;

/** Header frames of one honest packet of each kind that either side sends. */
export const sessionFrames: readonly Uint8Array[] = [
  ['hello', { capabilities: ['f32'], run: 'thin', trunk: digest }],
  ['join', { tasks: [offerOf('far', [4]), offerOf('near', [4])], machine, answered: id }],
  ['ready', id],
  [
    'contribution',
    { ...id, kind: 'sum', tasks: ['far'], bytes: 800_000, sha256: digest, encoding: 'f32', signature: 'A'.repeat(86) },
  ],
  ['chunk', { transfer: 'contribution/3/1/sum', index: 4 }, new Uint8Array(8)],
  [
    'answered',
    {
      ...id,
      version: 3,
      losses: [{ task: 'far', loss: 0.25, labelled: 8 }],
      contributions: 1,
      timing: { waitMs: 1.5, stepMs: 2, sendMs: 3 },
    },
  ],
  [
    'scores',
    {
      ...{ version: 3, attempt: 1, split: 'test', digests: { 'head far': digest } },
      tasks: [{ task: 'far', metrics: { accuracy: 0.5, auroc: null }, loss: 1 }],
    },
  ],
  ['leave', { reason: 'stopped by its user' }],
  ['trunk', { version: 3, attempt: 1, bytes: 800_000, sha256: digest, encoding: 'f32' }],
  [
    'round',
    {
      ...id,
      ...{ version: 3, lambda: { far: 1 }, exchange: 'sum', probe: false, checkpoint: true },
      ...{ deadlineMs: 30_000, credit: 25 },
    },
  ],
  ['credit', { ...id, chunks: 25 }],
  ['evaluate', { version: 3, attempt: 1, split: 'validation' }],
  ['rewind', { round: 2, attempt: 2 }],
  ['status', { phase: 'training', round: 3, waitingFor: 1 }],
  ['finished', { run: 'thin', rounds: 4, sha256: digest }],
].map((data) => encoder.encode({ type: 2, nsp: '/', id: next++, data })[0]!);
