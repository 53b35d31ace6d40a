import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScoresMessage, TaskOffer } from '@trunkline/protocol';
import { shareOut } from '../members.ts';
import { mergedLosses, mergedOffers, mergedRow, mergedScores, shareOfTask } from './merged.ts';
import { relayedAnswer } from './relayed-answer.ts';

const offer = (id: string, labelled: number, replica = true): TaskOffer => ({
  ...{ id, labelled, replica, head: 'binary', output: [4] },
  metrics: [{ name: 'auroc', better: 'higher' }],
});
const two = [
  { client: 'east', offers: [offer('cats', 30), offer('dogs', 7, false)] },
  { client: 'west', offers: [offer('cats', 10)] },
];
const scores = (task: string, auroc: number | null): ScoresMessage => ({
  ...{ version: 3, attempt: 0, split: 'test', digests: { [`head/${task}`]: 'ab' } },
  tasks: [{ task, loss: 1, metrics: { auroc } }],
});

describe('clients of a relay that serve one task', () => {
  it('come in as one, with their labelled rows added up', () => {
    expect(mergedOffers(two).map(({ id, labelled }) => [id, labelled])).toEqual([
      ['cats', 40],
      ['dogs', 7],
    ]);
  });

  it('have together the λ that they would have without a relay, whatever else there is', () => {
    const rows = fc.integer({ min: 1, max: 10_000 });
    fc.assert(
      fc.property(rows, rows, rows, fc.double({ min: 0, max: 8, noNaN: true }), (a, b, c, lambda) => {
        const behind = [
          { client: 'east', offers: [offer('cats', a)] },
          { client: 'west', offers: [offer('cats', b)] },
        ];
        const far = { client: 'zoo', offers: [offer('cats', c)] };
        const plain = shareOut([...behind, far], { cats: lambda });
        const [relay] = shareOut([{ client: 'relay', offers: mergedOffers(behind) }, far], { cats: lambda });
        const shared = shareOut(behind, relay!.lambda);
        for (const place of [0, 1])
          expect(shared[place]!.lambda['cats']).toBeCloseTo(plain[place]!.lambda['cats']!, 10);
      }),
      { seed: 5 },
    );
  });

  it('have the mean of their rows, losses and scores, weighted by labelled rows', () => {
    const parts = ['east', 'west'].map((client, i) => ({
      values: Float32Array.of(4 * (i + 1), -8),
      share: shareOfTask(two, 'cats', client),
    }));
    expect([...mergedRow(parts)]).toEqual([0.75 * 4 + 0.25 * 8, -8]);
    const losses = [
      { losses: [{ task: 'cats', loss: 1, labelled: 3 }] },
      { losses: [{ task: 'cats', loss: 5, labelled: 1 }] },
    ];
    expect(mergedLosses(['cats'], losses)).toEqual([{ task: 'cats', loss: 2, labelled: 4 }]);
    const found = new Map([
      ['east', scores('cats', 0.8)],
      ['west', scores('cats', 0.4)],
    ]);
    const { tasks, digests } = mergedScores(two, found);
    expect(tasks[0]!.metrics['auroc']).toBeCloseTo(0.7, 12);
    expect(Object.keys(digests)).toEqual(['east/head/cats', 'west/head/cats']);
    expect(mergedScores(two, new Map([...found, ['west', scores('cats', null)]])).tasks[0]!.metrics).toEqual({
      auroc: null,
    });
  });
});

describe('what goes up', () => {
  const messages = new Map();
  const id = { round: 3, attempt: 0 };

  it('is one float32 sum that names every task in it, once', () => {
    const answers = {
      exchange: 'sum',
      sum: Float64Array.of(1 + 2 ** -40, 3),
      tasks: 3,
      named: ['cats', 'dogs', 'cats'],
    } as const;
    const { contributions } = relayedAnswer({ id, version: 3, clients: two, messages, answers, probes: [] });
    expect(contributions.map(({ message }) => [message.kind, message.tasks])).toEqual([['sum', ['cats', 'dogs']]]);
    expect([...new Float32Array(contributions[0]!.bytes.slice().buffer)]).toEqual([1, 3]);
  });

  it('is the very row of a task that one client serves', () => {
    const values = Float32Array.of(0.1, NaN);
    const row = { id: 'dogs', lambda: 2, loss: 1, values };
    const answers = { exchange: 'rows', rows: [row] } as const;
    const { contributions } = relayedAnswer({ id, version: 3, clients: two, messages, answers, probes: [row] });
    expect(contributions.map(({ message }) => `${message.kind} ${message.tasks.join()}`)).toEqual([
      'row dogs',
      'probe dogs',
    ]);
    expect(contributions[0]!.bytes.buffer).toBe(values.buffer);
  });

  it('is nothing but losses where nobody had a labelled row', () => {
    const answers = { exchange: 'sum', sum: null, tasks: 0, named: [] } as const;
    expect(relayedAnswer({ id, version: 3, clients: two, messages, answers, probes: [] }).contributions).toEqual([]);
  });
});
