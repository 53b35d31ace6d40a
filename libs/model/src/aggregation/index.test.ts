import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../random.ts';
import { matrixOf, runOnce } from './claims.ts';
import { strategies } from './index.ts';

const PUBLISHED = [
  ...['weighted-sum', 'mean', 'uncertainty', 'dwa', 'gls', 'scale-invariant', 'gradnorm', 'random-weights', 'mgda'],
  ...['pcgrad', 'gradvac', 'graddrop', 'cagrad', 'imtl-g', 'imtl-l', 'nash-mtl', 'aligned-mtl', 'fairgrad', 'upgrad'],
  ...['dualproj', 'config', 'famo', 'stch', 'db-mtl', 'moco', 'excess-mtl', 'sdmgrad', 'krum', 'trimmed-mean'],
  ...['median', 'geometric-median'],
];

const here = new URL('./', import.meta.url);
const pages = new URL('../../../../docs/reference/strategies/', import.meta.url);
const textOf = (url: URL) => (existsSync(url) ? readFileSync(url, 'utf8') : '');

describe('the strategies', () => {
  it('are the published ones, each under its own name', () => {
    expect(Object.keys(strategies).toSorted()).toEqual(PUBLISHED.toSorted());
    for (const [name, strategy] of Object.entries(strategies)) expect(strategy.name).toBe(name);
  });

  it.each(Object.keys(strategies))(
    '%s has source, tests and a page that names its needs and every parameter',
    (name) => {
      const strategy = strategies[name]!;
      expect(textOf(new URL(`${name}.ts`, here)), 'source').toContain(`name: '${name}'`);
      expect(textOf(new URL(`${name}.test.ts`, here)), 'tests').toContain(' it(');
      const page = textOf(new URL(`${name}.md`, pages));
      expect(page, 'page').toMatch(new RegExp(`^# ${name}\n`));
      expect(page, 'needs').toContain(`\`${strategy.needs}\``);
      const shape = (strategy.parameters as unknown as { shape: Record<string, unknown> }).shape;
      for (const parameter of Object.keys(shape)) expect(page, 'parameter').toContain(`\`${parameter}\``);
    },
  );

  it.each(Object.keys(strategies))('%s refuses a parameter that it does not have', (name) => {
    expect(() => strategies[name]!.create({ unheardOf: 1 })).toThrow('unheardOf');
  });

  it.each(Object.keys(strategies))(
    '%s keeps no row: the memory of a round’s rows is used for the next ones',
    (name) => {
      const random = randomStream(1, 'rows-are-lent');
      const drawn = () => [matrixOf('random', 3, random), matrixOf('random', 3, random), matrixOf('random', 3, random)];
      let state = undefined as ReturnType<typeof runOnce>['state'] | undefined;
      for (let round = 0; round < 3; round++) {
        const [rows, ...extraRows] = drawn();
        const given = [rows!, ...extraRows].flat();
        const found = runOnce(strategies[name]!, rows!, { ...(state ? { state } : {}), more: { extraRows, round } });
        state = found.state;
        const before = structuredClone(found);
        for (const row of given) row.fill(NaN);
        expect(found).toEqual(before);
      }
    },
  );
});
