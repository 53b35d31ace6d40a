import { expect, test } from 'vitest';
import { placeStack } from '@trunkline/model/layer';
import { modelCardText, type ExportedModel } from '@trunkline/model/export';
import type { Disk } from '@trunkline/model/store';
import type { TaskPlan } from '@trunkline/model/task';
import { buildTrunk } from '@trunkline/model/trunk';
import { clientCard } from './client-card.ts';
import type { ClientConfig } from './config.ts';
import type { FinishedModel } from './finished-model.ts';

const trunk = buildTrunk({ input: [4], layers: [{ dense: { units: 2 } }] }, { at: 'trunk' });
const head = placeStack([{ dense: { units: 1 } }], [2], { at: 'head' });
const model: ExportedModel = {
  name: 'cats',
  parts: [
    { name: 'trunk', stack: trunk, values: new Float32Array(10) },
    { name: 'head', stack: head, values: new Float32Array(3) },
  ],
  scores: 'sigmoid',
  about: { classes: '["no","yes"]' },
};
const source = { sizes: { train: 5, validation: 3, test: 2 }, inputShape: [4] };
const plan = { id: 'cats', source, loss: () => 0, optimizer: { sgd: {} }, batchSize: 8 } as unknown as TaskPlan;
const own = { task: 'cats', client: 'north', metric: 'auroc', together: 0.75, alone: null };
const finished = { run: 'small', version: 7, trunk, scores: [own] } as unknown as FinishedModel;

const cardText = (of: Partial<FinishedModel>, result?: object): string => {
  const disk = { read: (path: string) => (path === 'runs/small-1/result.json' && result ? bytesOf(result) : null) };
  const config = { client: 'north' } as ClientConfig;
  const rest = { config, plan, finished: { ...finished, ...of }, folder: 'runs/small-1/state' };
  return modelCardText(clientCard(disk as unknown as Disk, model, rest), []);
};
const bytesOf = (value: object) => new TextEncoder().encode(JSON.stringify(value));

test('says how a task does alone where the simulation that the states lie in measured it, of this task and client only', () => {
  const metrics = { auroc: { together: 0.75, alone: 0.5 } };
  const others = [
    { task: 'dogs', client: 'south', metrics },
    { task: 'cats', client: 'south', metrics: {} },
  ];
  const text = cardText({}, { run: 'small', tasks: [{ task: 'cats', client: 'north', metrics }, ...others] });
  expect(text).toContain('| cats | north | auroc | 0.7500 | 0.5000 |');
  expect(text).not.toContain('south');
  expect(cardText({}, { run: 'another', tasks: [] })).toContain('| cats | north | auroc | 0.7500 | – |');
  expect(cardText({ scores: [] })).toContain('Not known here.');
});

test('says what left the client: gradients, sums of local updates, or nothing where it trained by itself', () => {
  const left = (terms: FinishedModel['terms']) => cardText({ terms });
  expect(left(undefined)).toContain('What left are gradients of the trunk, losses');
  expect(left({ seed: 5, exchange: 'rows', localSteps: 3 })).toMatch(
    /\| seed \| 5 \|[^]*\| local steps a round \| 3 \|[^]*What left are sums of local updates of the trunk, one a task, losses/,
  );
  const alone = left({ seed: 5, exchange: 'none', localSteps: null });
  expect(alone).toContain('Nothing else did: no one was connected.');
  expect(alone).toContain('The trunk is an exported one of 7 rounds; `small` trained adapter and head on it');
  expect(alone).not.toContain('local steps');
});

test('tells what one output is, names a module’s own loss as such, and says that nothing was said of the data', () => {
  const text = cardText({});
  expect(text).toContain('| gives | [1], the probability of yes (else no) |');
  expect(text).toContain('| loss | the client module’s own |');
  expect(text).toContain('Client `north` says nothing of its data (`description` in its client file).');
});
