import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '@trunkline/protocol';
import { decodeSafetensors } from '@trunkline/model/store';
import { writeSmallRun } from './bad-input/small-run.ts';
import { start, tellAll, type Command, type Told } from './bad-input/told.ts';
import { dataOf, runData } from './cli/envelope.ts';
import { z } from 'zod';

const LIMIT = 90_000;
const python = process.env['TRUNKLINE_PYTHON'];

let folder: string;
let told: Record<string, Told>;
let trained: z.output<typeof runData>;

const north = () => join(folder, 'north.yaml');
const predicted = z.strictObject({
  run: z.string(),
  client: z.string(),
  rounds: z.int(),
  split: z.literal('test'),
  tasks: z.array(
    z.strictObject({ task: z.string(), rows: z.int(), metrics: z.record(z.string(), z.number().nullable()) }),
  ),
  out: z.string(),
});

const evaluated = z.strictObject({
  run: z.literal('small'),
  client: z.literal('north'),
  rounds: z.int(),
  split: z.literal('test'),
  tasks: z.array(
    z.strictObject({
      task: z.string(),
      rows: z.int(),
      loss: z.number().nullable(),
      metrics: z.record(z.string(), z.number().nullable()),
    }),
  ),
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-take-home-'));
  const described = [
    'client: north\n',
    'client: north\ndescription: |\n  Waves of 2020.\n  Nobody | is in them.\n',
  ] as const;
  const run = writeSmallRun(folder, { changes: { 'north.yaml': described } });
  // More rounds than are best, so that the last trunk is not the one that was tested.
  const settings = ['rounds=12', 'evaluateEvery=2', 'select=best', 'optimizer.adam.learningRate=0.2'];
  const sets = settings.flatMap((setting) => ['--set', setting]);
  const simulated = await start(['simulate', run, '--runs', join(folder, 'runs'), ...sets, '--format', 'json']).told;
  trained = dataOf(runData, simulated.stdout);
  writeFileSync(join(folder, 'text.keras'), 'task,row\n');
  const state = ['--state', join(trained.folder, 'state')];
  const to = (name: string) => join(folder, name);
  const commands: Record<string, Command> = {
    predict: ['client', 'predict', north(), ...state, '--out', to('predicted.csv'), '--format', 'json'],
    stdout: ['client', 'predict', north(), ...state, '--split', 'validation'],
    keras: ['client', 'export', north(), ...state, '--to', to('cats.keras')],
    tensors: ['client', 'export', north(), ...state, '--to', to('cats.safetensors')],
    again: ['client', 'export', north(), ...state, '--to', to('cats.safetensors')],
    onnx: ['client', 'export', north(), ...state, '--to', to('cats.onnx')],
    tfjs: ['client', 'export', north(), ...state, '--task', 'cats', '--to', to('cats')],
    trunk: ['coordinator', 'export', trained.folder, '--to', to('trunk.safetensors')],
    evaluate: ['client', 'evaluate', north(), ...state],
    ofFile: ['client', 'evaluate', north(), '--model', to('cats.safetensors'), '--format', 'json'],
    ofOther: ['client', 'evaluate', join(folder, 'south.yaml'), '--model', to('cats.safetensors')],
    otherHead: [
      'client',
      'evaluate',
      north(),
      '--set',
      'tasks.0.head.classify.hidden=[3]',
      '--model',
      to('cats.safetensors'),
    ],
    ...Object.fromEntries(
      ['safetensors', 'keras', 'onnx', 'tfjs'].map((format) => [
        `from ${format}`,
        ['client', 'predict', north(), '--model', to(format === 'tfjs' ? 'cats' : `cats.${format}`)] as const,
      ]),
    ),
    ofTrunk: ['client', 'predict', north(), '--model', to('trunk.safetensors')],
    ofText: ['client', 'predict', north(), '--model', north()],
    ofNothing: ['client', 'predict', north(), '--model', to('none.onnx')],
    ofCsv: ['client', 'evaluate', north(), '--model', to('text.keras')],
    misspelt: ['client', 'export', north(), ...state, '--task', 'cat', '--to', to('x.keras')],
    untrained: ['client', 'predict', north(), '--state', to('nothing')],
    otherRun: ['client', 'predict', north(), ...state, '--run', 'large'],
    noRun: ['coordinator', 'export', to('nothing'), '--to', to('x.keras')],
  };
  const all = await tellAll(Object.values(commands));
  told = Object.fromEntries(Object.keys(commands).map((name, i) => [name, all[i]!]));
}, LIMIT);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tensorsOf = (name: string) => decodeSafetensors(readFileSync(join(folder, name)));

describe('client predict', () => {
  it('says of the test split what the run said at its end', () => {
    const { run, rounds, tasks } = dataOf(predicted, told['predict']!.stdout);
    const [scored] = trained.tasks;
    expect(run).toBe('small');
    expect(tasks).toEqual([{ task: 'cats', rows: 8, metrics: { accuracy: scored!.metrics['accuracy']!.together } }]);
    // The claim is about the best trunk, not the last: the run must have chosen another.
    expect(rounds).toBeLessThan(12);
  });

  it('writes a row of the split a line, probabilities that add up to one, and the likelier class', () => {
    const [header, ...lines] = readFileSync(join(folder, 'predicted.csv'), 'utf8').trimEnd().split('\n');
    expect(header).toBe('task,row,place,label,prediction,score:no,score:yes');
    expect(lines).toHaveLength(8);
    for (const line of lines) {
      const [task, , , label, prediction, no, yes] = line.split(',');
      expect([task, ['no', 'yes'].includes(label!)]).toEqual(['cats', true]);
      expect(Number(no) + Number(yes)).toBeCloseTo(1, 6);
      expect(prediction).toBe(Number(yes) > Number(no) ? 'yes' : 'no');
    }
  });

  it('prints the table alone on stdout where no file is named', () => {
    const { code, stdout, stderr } = told['stdout']!;
    expect([code, stdout.trimEnd().split('\n').length]).toEqual([0, 9]);
    expect(stderr).toContain('task cats: 8 validation rows, accuracy');
  });

  it.each(['safetensors', 'keras', 'onnx', 'tfjs'])('says the same to the last digit of the model as %s', (format) => {
    expect(told[`from ${format}`]).toMatchObject({
      code: 0,
      stdout: readFileSync(join(folder, 'predicted.csv'), 'utf8'),
      stderr: expect.stringContaining('of run small') as string,
    });
  });

  it('refuses, saying what to do, where no run is over, and where another is named', () => {
    expect(told['untrained']).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has trained in no run') as string,
    });
    expect(told['otherRun']).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Name another: small') as string,
    });
  });
});

describe('client evaluate', () => {
  it('scores the model of the state, in a table', () => {
    const { code, stdout, stderr } = told['evaluate']!;
    const accuracy = trained.tasks[0]!.metrics['accuracy']!.together!;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^task +rows +metric +score\ncats +8 +accuracy +[\d.]+\n +loss +[\d.]+\n$/);
    expect(stdout).toContain(accuracy.toFixed(4));
    expect(stderr).toMatch(/^trunk of \d+ rounds of run small, test split\n/m);
  });

  it('scores an exported file alike, without a state', () => {
    const { tasks, rounds } = dataOf(evaluated, told['ofFile']!.stdout);
    const { accuracy } = trained.tasks[0]!.metrics;
    expect(tasks).toMatchObject([{ task: 'cats', rows: 8, metrics: { accuracy: accuracy!.together } }]);
    expect(rounds).toBeLessThan(12);
    expect(told['evaluate']!.stdout).toContain(tasks[0]!.loss!.toFixed(4));
  });

  it('refuses a file of another task, of none, of other layers, of another format, and none at all, each with its sentence', () => {
    const refused = (name: string, sentence: string) =>
      expect(told[name]).toMatchObject({ code: 2, stderr: expect.stringContaining(sentence) as string });
    refused('ofOther', 'it is of the task cats, not of dogs');
    refused('otherHead', 'its head has other layers than the client file’s');
    refused('ofTrunk', 'it is of no task');
    refused('ofText', 'there is no such folder with a model.json');
    refused('ofNothing', 'none.onnx holds no trained model: there is no such file');
    refused('ofCsv', 'text.keras: this is not a readable .keras file: it is not a zip');
  });
});

describe('export', () => {
  it('gives at the client the very trunk that the coordinator exports', () => {
    const { tensors, metadata } = tensorsOf('trunk.safetensors');
    const own = tensorsOf('cats.safetensors');
    expect(Object.keys(tensors)).toEqual(['trunk-0-dense/bias', 'trunk-0-dense/kernel']);
    for (const [name, tensor] of Object.entries(tensors)) expect(own.tensors[name]).toEqual(tensor);
    expect(own.metadata['rounds']).toBe(metadata['rounds']);
    expect(own.metadata).toMatchObject({ run: 'small', task: 'cats', classes: '["no","yes"]', scores: 'softmax' });
  });

  it('names the files that it wrote, and writes over none of them unasked', () => {
    expect(told['keras']!.stdout).toContain('cats.keras');
    expect(told['tfjs']!.stdout).toMatch(/cats\/model\.json, .*cats\/weights\.bin/);
    expect(told['again']).toMatchObject({ code: 2, stderr: expect.stringContaining('FILE_EXISTS') as string });
  });

  it('puts a card beside each: the client’s own words, its scores, the seed, what left, and the digests of the files', () => {
    const card = readFileSync(join(folder, 'cats.keras.md'), 'utf8');
    const { together } = trained.tasks[0]!.metrics['accuracy']!;
    expect(card).toMatch(/^# cats\n/);
    expect(card).toContain('\n> Waves of 2020.\n> Nobody | is in them.\n');
    expect(card).toContain(`| cats | north | accuracy | ${together!.toFixed(4)} | – |`);
    expect(card).toContain('Rows: 24 in training, 8 in validation, 8 in the test split.');
    expect(card).toContain('| seed | 1 |');
    expect(card).toContain('| trunk | dense 8 relu |');
    expect(card).toContain(`| cats.keras | \`${sha256(readFileSync(join(folder, 'cats.keras')))}\` |`);
    expect(card).toMatch(/neither clipped nor noised nor masked/);
    expect(told['keras']!.stdout).toContain('cats.keras.md');
    expect(readFileSync(join(folder, 'cats', 'README.md'), 'utf8')).toContain('| weights.bin | `');
    const shared = readFileSync(join(folder, 'trunk.safetensors.md'), 'utf8');
    expect(shared).toMatch(/^# The trunk of small\n/);
    expect(shared).toContain(`| cats | north | accuracy | ${together!.toFixed(4)} | – |`);
    expect(shared).toContain('| clients | north, south |');
    expect(shared).not.toContain('Waves');
  });

  it('proposes the nearest task, and the runs that are there', () => {
    expect(told['misspelt']).toMatchObject({ code: 2, stderr: expect.stringContaining('--task: cats') as string });
    expect(told['noRun']).toMatchObject({ code: 2, stderr: expect.stringContaining('RUN_UNKNOWN') as string });
  });

  it.skipIf(!python)(
    'is opened by onnxruntime, which predicts what `client predict` wrote (skipped without TRUNKLINE_PYTHON)',
    () => {
      const output = execFileSync(python!, ['-c', PROGRAM, folder], { encoding: 'utf8', stdio: 'pipe' });
      expect(Number(output.trim())).toBeLessThan(1e-5);
    },
    LIMIT,
  );
});

/** The largest difference between the scores of the two. Other formats: exports.test.ts. */
const PROGRAM = `
import csv, sys
import numpy, onnxruntime
folder = sys.argv[1]
session = onnxruntime.InferenceSession(folder + '/cats.onnx')
theirs = session.run(['scores'], {'input': numpy.load(folder + '/x-test.npy')})[0]
rows = csv.DictReader(open(folder + '/predicted.csv'))
ours = numpy.array([[float(row['score:no']), float(row['score:yes'])] for row in rows])
print(abs(theirs - ours).max())
`;
