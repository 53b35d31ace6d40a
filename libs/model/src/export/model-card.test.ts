import { expect, test } from 'vitest';
import { placeStack } from '../layer/index.ts';
import { knownScores } from './known-scores.ts';
import { layersText, modelCardText, quotation, settingText, type ModelCard } from './model-card.ts';

const tasks = (metrics: object) => [{ task: 'cats', client: 'north', metrics }];
const scoresOf = (text: string, run = 'small') =>
  knownScores(
    { read: (path) => (path === 'runs/small-1/result.json' ? Buffer.from(text) : null) },
    'runs/small-1',
    run,
  );

test('scores are read from a coordinator’s result, and with those alone from a simulation’s', () => {
  const known = { task: 'cats', client: 'north' };
  const own = JSON.stringify({ run: 'small', rounds: 2, tasks: tasks({ auroc: 0.75, f1: null }) });
  expect(scoresOf(own)).toEqual([
    { ...known, metric: 'auroc', together: 0.75, alone: null },
    { ...known, metric: 'f1', together: null, alone: null },
  ]);
  const simulated = JSON.stringify({ run: 'small', tasks: tasks({ auroc: { together: 0.75, alone: 0.5 } }) });
  expect(scoresOf(simulated)).toEqual([{ ...known, metric: 'auroc', together: 0.75, alone: 0.5 }]);
});

test('a damaged result, one of another run and none at all say nothing', () => {
  const result = { run: 'small', tasks: tasks({ auroc: 0.75 }) };
  expect(scoresOf(JSON.stringify({ ...result, seal: 'of something else' }))).toEqual([]);
  expect(scoresOf(JSON.stringify(result).slice(1))).toEqual([]);
  expect(scoresOf(JSON.stringify(result), 'large')).toEqual([]);
  expect(knownScores({ read: () => null }, 'runs/small-1', 'small')).toEqual([]);
});

test('layers and settings are told in a line, those in a block too, a module’s own as such', () => {
  const specs = [
    { conv2d: { filters: 8, kernelSize: 3 } },
    { flatten: {} },
    { dense: { units: 4, activation: 'relu' } },
  ];
  expect(layersText(placeStack(specs, [5, 5, 1], { at: 'trunk' }))).toBe('conv2d 8 3x3, flatten, dense 4 relu');
  const block = placeStack([{ residual: { layers: [{ dense: { units: 2 } }] } }], [2], { at: 'trunk' });
  expect(layersText(block)).toBe('residual (dense 2)');
  expect(layersText(placeStack([], [2], { at: 'trunk' }))).toBe('none');
  expect(settingText({ adam: { learningRate: 0.1, beta1: 0.9 } })).toBe('{adam: {learningRate: 0.1, beta1: 0.9}}');
  expect([settingText({}), settingText(undefined), settingText('sum')]).toEqual(['', '', 'sum']);
});

test('no text of others leaves its cell or its quotation', () => {
  const card: ModelCard = {
    title: 't',
    what: 'w',
    shape: [['gives', 'a|b\nc']],
    data: [quotation('# not\n\nof the card\n')],
    scores: [],
    aboutScores: 'Not known.',
    training: [],
    privacy: 'p',
  };
  const text = modelCardText(card, [{ name: 'x.onnx', sha256: 'ab' }]);
  expect(text).toContain('\n| gives | a\\|b c |\n');
  expect(text).toContain('\n> # not\n>\n> of the card\n');
  expect(text).toContain('\n| x.onnx | `ab` |\n');
  expect(text.match(/^# /gm)).toHaveLength(1);
  expect(text).toMatch(/[^\n]\n$/);
});
