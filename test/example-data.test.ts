import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataSchema, openSource, SPLITS, type Source } from '@trunkline/model/data';
import { readYaml } from '@trunkline/model/config';

const examples = join(import.meta.dirname, '..', 'examples');
const labs = ['lab-a', 'lab-b', 'lab-c', 'lab-d'];

interface ClientFile {
  readonly data: unknown;
  readonly tasks: readonly { readonly id: string; readonly target?: string }[];
}
interface RunFile {
  readonly expect: readonly string[];
  readonly clients: readonly string[];
}

function open(example: string, client: string): Promise<Source> {
  const file = readYaml(join(examples, example, client));
  const { data } = file.value as ClientFile;
  return openSource(dataSchema.parse(data), { folder: file.folder, at: (path) => file.at(['data', ...path]) });
}

async function rowsOf(source: Source): Promise<{ split: string; bits: string; labels: number[] }[]> {
  const bySplit = await Promise.all(
    SPLITS.map(async (split) => {
      const { size, inputs, targets } = await source.read(
        split,
        Array.from({ length: source.sizes[split] }, (_, i) => i),
      );
      return Array.from({ length: size }, (_, row) => ({
        split,
        bits: inputs.subarray(row * 1024, (row + 1) * 1024).join(''),
        labels: Object.values(targets).map(({ values }) => values[row] as number),
      }));
    }),
  );
  return bySplit.flat();
}

describe('the data of drug-discovery', () => {
  const npz = (lab: string) => join(examples, 'drug-discovery', 'data', `${lab}.npz`);

  it('takes at most 1.5 MB', () => {
    expect(labs.reduce((sum, lab) => sum + statSync(npz(lab)).size, 0)).toBeLessThan(1.5e6);
  });

  it('has every molecule in one lab and one split only, and each of its rows with a label', async () => {
    const rows = await Promise.all(labs.map(async (lab) => rowsOf(await open('drug-discovery', `${lab}.yaml`))));
    const places = new Map<string, Set<string>>();
    for (const [lab, { split, bits, labels }] of rows.flatMap((of, i) => of.map((row) => [labs[i]!, row] as const))) {
      expect(bits).toMatch(/^[01]{1024}$/);
      expect(labels.every((label) => label === 0 || label === 1 || label === -1)).toBe(true);
      expect(labels.some((label) => label !== -1)).toBe(true);
      places.set(bits, (places.get(bits) ?? new Set()).add(`${lab} ${split}`));
    }
    expect(places.size).toBeGreaterThan(7000);
    expect([...places.values()].filter(({ size }) => size > 1)).toEqual([]);
  });

  it('splits each lab 70 to 15 to 15, to within the rows dropped for want of labels', async () => {
    for (const lab of labs) {
      const { sizes } = await open('drug-discovery', `${lab}.yaml`);
      const total = sizes.train + sizes.validation + sizes.test;
      expect(Math.abs(sizes.train / total - 0.7)).toBeLessThan(0.02);
      expect(Math.abs(sizes.validation / total - 0.15)).toBeLessThan(0.02);
    }
  });

  it('is what its script makes of the assays, byte for byte', (context) => {
    const data = process.env.TRUNKLINE_DATA;
    context.skip(!data, 'TRUNKLINE_DATA is not set');
    const folder = mkdtempSync(join(tmpdir(), 'trunkline-labs-'));
    const script = join(examples, 'drug-discovery', 'data', 'make.mjs');
    const options = ['--conditions=@trunkline/source', '--import', 'tsx', script, join(data!, 'tox21'), folder];
    execFileSync(process.execPath, options, { stdio: 'pipe' });
    for (const lab of labs) {
      expect(readFileSync(join(folder, `${lab}.npz`)).equals(readFileSync(npz(lab)))).toBe(true);
    }
    rmSync(folder, { recursive: true });
  });
});

describe.each(['drug-discovery', 'hospitals'])('the files of %s', (example) => {
  const run = readYaml(join(examples, example, 'run.yaml'));

  it('bring exactly the tasks that the run expects, each with a target of its source', async () => {
    const { expect: expected, clients } = run.value as RunFile;
    const tasks: string[] = [];
    for (const client of clients) {
      const source = await open(example, client);
      const file = readYaml(join(examples, example, client)).value as ClientFile;
      for (const { id, target } of file.tasks) {
        expect(Object.keys(source.targets)).toContain(target ?? 'label');
        tasks.push(id);
      }
    }
    expect(tasks).toEqual(expected);
  });

  it('end with the list of clients, after which more may be added', () => {
    const text = readFileSync(join(examples, example, 'run.yaml'), 'utf8');
    expect(text).toMatch(/\nclients:\n( {2}- \S+\.yaml\n)+$/);
  });
});

it('the hospitals have the counts of their attribution', async () => {
  const sizes = await Promise.all(
    ['xray', 'ultrasound', 'blood'].map(async (name) => (await open('hospitals', `${name}.yaml`)).sizes),
  );
  expect(sizes).toEqual([
    { train: 4708, validation: 524, test: 624 },
    { train: 542, validation: 79, test: 157 },
    { train: 2804, validation: 1137, test: 945 },
  ]);
});
