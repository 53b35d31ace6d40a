import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { fail, errorText, toTrunklineError, type ErrorReport } from '@trunkline/protocol';
import { ROOT, runChild } from '../simulate/child.ts';
import type { SeedsResult } from '../simulate/seeds.ts';
import { bodyOf, pageOf, sectionOf, sectionsIn } from './page.ts';

const PAGE = join(ROOT, 'docs', 'explain', 'results.md');
const SEEDS = 3;
/** Ships no data: runs where its folder was prepared. */
const BARE = 'cifar10';

const folders = join(ROOT, 'examples');
const runs = readdirSync(folders, { recursive: true, encoding: 'utf8' })
  .filter((path) => /^[^/]+\/[^/]+\.yaml$/.test(path) && /^clients:/m.test(readFileSync(join(folders, path), 'utf8')))
  .sort();
const nameOf = (path: string) => path.replace(/\/run\.yaml$/, '').replace(/\.yaml$/, '');

const cli = new Command('results')
  .description('Run every example over three seeds, alone and together, and write docs/explain/results.md anew.')
  .option('--only <name...>', `these examples only: ${runs.map(nameOf).join(', ')}; the other sections stay`)
  .parse();
const { only } = cli.opts<{ only?: string[] }>();
try {
  const unknown = only?.find((name) => !runs.map(nameOf).includes(name));
  if (unknown !== undefined) {
    const known = runs.map(nameOf).join(', ');
    throw fail('USAGE', { what: `There is no example ${unknown}.`, remedy: `Examples: ${known}.` });
  }
  const prepared = (path: string) => !path.startsWith(BARE) || existsSync(join(folders, BARE, 'data'));
  const chosen = runs.filter((path) => (only ? only.includes(nameOf(path)) : true)).filter(prepared);
  const sections = existsSync(PAGE) ? sectionsIn(readFileSync(PAGE, 'utf8')) : new Map<string, string>();
  for (const path of chosen) {
    process.stderr.write(`${nameOf(path)} ...\n`);
    sections.set(nameOf(path), sectionOf(nameOf(path), `examples/${path}`, await resultOf(path)));
    const known = runs.map(nameOf).filter((name) => sections.has(name));
    const listed = known.map((name) => sections.get(name)!);
    writeFileSync(PAGE, pageOf(listed, SEEDS));
  }
  for (const name of new Set(runs.map((path) => path.split('/')[0]!)))
    showIn(join(folders, name, 'README.md'), sections);
} catch (thrown) {
  const error = toTrunklineError(thrown);
  process.stderr.write(errorText(error));
  process.exitCode = error.exit;
}

/** An example's own page shows its tables, each between `<!-- result NAME -->` and `<!-- end -->`. */
function showIn(page: string, sections: ReadonlyMap<string, string>): void {
  const text = readFileSync(page, 'utf8').replace(
    /(<!-- result (\S+) -->)[^]*?(<!-- end -->)/g,
    (all, open, name, end) => {
      const section = sections.get(name as string);
      return section ? `${open}\n\n${bodyOf(section)}\n\n${end}` : all;
    },
  );
  writeFileSync(page, text);
}

/** Each example in a process of its own: the native backend's threads are fixed once it is loaded. */
async function resultOf(path: string): Promise<SeedsResult> {
  const scratch = mkdtempSync(join(tmpdir(), 'trunkline-results-'));
  type Envelope = { status: 'ok'; data: SeedsResult } | { status: 'error'; error: ErrorReport };
  let envelope: Envelope | undefined;
  try {
    const file = join(folders, path);
    const child = runChild({
      entry: 'test/dist/simulate/main.js',
      args: [file, '--in-process', '--alone', '--seeds', String(SEEDS), '--runs', scratch, '--format', 'json'],
      log: join(scratch, 'log'),
      heard: (line) => (envelope = line as unknown as Envelope),
    });
    await child.exited;
    if (envelope?.status === 'ok') return envelope.data;
    const reason = envelope?.error.message ?? child.lastWords();
    throw fail('UNEXPECTED', { what: `The example ${nameOf(path)} failed: ${reason}` });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
