import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What the set-up noted about the native backend: where its library lies, or what is missing and how to get it. */
export interface SetupRecord {
  readonly ok: boolean;
  readonly route?: string;
  readonly folder?: string;
  readonly missing?: string;
  readonly remedy?: string;
}

/** The folder of the native package, or undefined when it is not installed. */
export function nativePackage(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json'));
  } catch {
    return undefined;
  }
}

/** The record that `setup.mjs` left beside the installed packages; undefined when it never finished here. */
export function readSetupRecord(): SetupRecord | undefined {
  const folder = nativePackage();
  if (folder === undefined) return undefined;
  try {
    const text = readFileSync(join(folder, '..', '..', '.trunkline-setup.json'), 'utf8');
    return (JSON.parse(text) as { native?: SetupRecord }).native;
  } catch {
    return undefined;
  }
}
