import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { fail, PROTOCOL_VERSION } from '@trunkline/protocol';
import { writeDurably, writeJsonDurably, type Disk } from '@trunkline/model/store';
import { journalFolder } from './journal/read-journal.ts';
import { LEDGER_FILES, RUN_FORMAT } from './ledger.ts';
import type { Plan } from './plan.ts';
import { START_FILE } from './first-trunk.ts';

/** What a coordinator writes into its folder before the first round. */
const FIRST = ['config.yaml', 'events.jsonl', 'manifest.json', START_FILE, ...LEDGER_FILES];

/** Whether a run lies in `folder`, or was begun there. */
export const holdsRun = (disk: Disk, folder: string): boolean => {
  const names = disk.list(folder);
  return [...FIRST, 'checkpoints'].some((name) => names.includes(name));
};

/** @throws STORAGE_FAILED */
export function makeRunFolder(disk: Disk, folder: string): void {
  stored(folder, () => disk.makeFolder(folder));
}

/** A run that ended before its first round leaves nothing that a new one would stumble over. */
export function removeUnstarted(disk: Disk, folder: string): void {
  const journal = journalFolder(folder);
  const segments = disk.list(journal).map((name) => join(journal, name));
  for (const file of [...FIRST.map((name) => join(folder, name)), ...segments]) disk.remove(file);
  if (existsSync(journal)) rmdirSync(journal);
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}

/**
 * The effective configuration as it stands in `config.yaml`: defaults filled in, without what only a simulation or this process needs. Of a file that the
 * trunk starts from it names the run's own copy and the digest: the same bytes at another place are the same configuration.
 */
export function effectiveConfig(plan: Plan): Record<string, unknown> {
  const { source: _, clients: __, relays: ___, ...config } = plan.config;
  const { start } = plan;
  const from = start && { from: { file: START_FILE, partial: start.partial, sha256: start.sha256 } };
  return { ...config, trunk: { ...plan.trunk.spec, ...from }, exchange: plan.exchange, weightHeads: plan.weightHeads };
}

/** @throws STORAGE_FAILED */
export function writeConfig(disk: Disk, folder: string, plan: Plan): void {
  const { start } = plan;
  if (start) {
    const copy = join(folder, START_FILE);
    stored(copy, () => writeDurably(disk, copy, start.bytes));
  }
  const file = join(folder, 'config.yaml');
  stored(file, () => writeDurably(disk, file, new TextEncoder().encode(stringify(effectiveConfig(plan)))));
}

/** What `config.yaml` holds; undefined: there is none. @throws FOLDER_BROKEN */
export function readConfig(disk: Disk, folder: string): Record<string, unknown> | undefined {
  const bytes = disk.read(join(folder, 'config.yaml'));
  if (!bytes) return undefined;
  try {
    return parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  } catch (cause) {
    throw fail('FOLDER_BROKEN', { folder, problem: 'config.yaml is damaged.' }, cause);
  }
}

/** What the bytes of this run depend on: `manifest.json`. @throws STORAGE_FAILED */
export function writeManifest(disk: Disk, folder: string, plan: Plan, machines: Record<string, unknown>): void {
  const file = join(folder, 'manifest.json');
  const { start } = plan;
  const from = start && { sha256: start.sha256, seeded: start.seeded, unused: start.unused };
  const manifest = {
    format: RUN_FORMAT,
    protocol: PROTOCOL_VERSION,
    node: process.version,
    run: plan.config.run,
    seed: plan.config.seed,
    trunk: { digest: plan.trunk.digest, parameters: plan.trunk.layout.length, ...(from ? { from } : {}) },
    clients: machines,
  };
  stored(file, () => writeJsonDurably(disk, file, manifest));
}

function stored(file: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
  }
}
