import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { fail, PROTOCOL_VERSION } from '@trunkline/protocol';
import type { Plan } from './plan.ts';

/** Version of what lies in a run folder. */
const RUN_FORMAT = 1;

/** Makes `folder`; one that holds a run is never overwritten. @throws RUN_FOLDER_EXISTS, STORAGE_FAILED */
export function createRunFolder(folder: string): void {
  const taken = ['config.yaml', 'events.jsonl', 'manifest.json', 'checkpoints'].some((name) =>
    existsSync(join(folder, name)),
  );
  if (taken) throw fail('RUN_FOLDER_EXISTS', { folder });
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file: folder, reason: (cause as Error).message }, cause);
  }
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
