import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { fail, PROTOCOL_VERSION } from '@trunkline/protocol';
import type { Plan } from './plan.ts';

/** Version of what lies in a run folder. */
const RUN_FORMAT = 1;

/** What a coordinator writes into its folder before the first round. */
const FIRST = ['config.yaml', 'events.jsonl', 'manifest.json', 'checkpoints'];

/** Makes `folder`; one that holds a run is never overwritten. @throws RUN_FOLDER_EXISTS, STORAGE_FAILED */
export function createRunFolder(folder: string): void {
  const taken = FIRST.some((name) => existsSync(join(folder, name)));
  if (taken) throw fail('RUN_FOLDER_EXISTS', { folder });
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file: folder, reason: (cause as Error).message }, cause);
  }
}

/** A run that ended before its first round leaves nothing that a new one would stumble over. */
export function removeUnstarted(folder: string): void {
  for (const name of FIRST) rmSync(join(folder, name), { recursive: true, force: true });
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}

/** The effective configuration, defaults filled in: `config.yaml`. */
export function writeConfig(folder: string, plan: Plan): void {
  const { source: _, clients: __, ...config } = plan.config;
  writeFileSync(
    join(folder, 'config.yaml'),
    stringify({ ...config, trunk: plan.trunk.spec, exchange: plan.exchange, weightHeads: plan.weightHeads }),
  );
}

/** What the bytes of this run depend on: `manifest.json`. */
export function writeManifest(folder: string, plan: Plan, machines: Record<string, unknown>): void {
  const manifest = {
    format: RUN_FORMAT,
    protocol: PROTOCOL_VERSION,
    node: process.version,
    run: plan.config.run,
    seed: plan.config.seed,
    trunk: { digest: plan.trunk.digest, parameters: plan.trunk.layout.length },
    clients: machines,
  };
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
