import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fail, sha256 } from '@trunkline/protocol';

/** Version of what lies in a state folder. */
const STATE_FORMAT = 1;

export interface StateLabel {
  readonly run: string;
  readonly client: string;
  /** Fingerprint of the trunk that these heads were trained on. */
  readonly trunk: string;
  /** Rounds trained. */
  readonly round: number;
}

/** Where states lie when the client file does not say: per user, outside every project. */
export const defaultStateFolder = (environment: NodeJS.ProcessEnv): string =>
  join(environment['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'trunkline');

/** Writes heads, adapters and optimizers to `<folder>/<run>/<client>/state.safetensors`, with a label beside them. */
export function saveState(folder: string, label: StateLabel, bytes: Uint8Array): void {
  const target = join(folder, label.run, label.client);
  try {
    mkdirSync(target, { recursive: true });
    writeDurably(join(target, 'state.safetensors'), bytes);
    const text = `${JSON.stringify({ format: STATE_FORMAT, ...label, sha256: sha256(bytes) }, null, 2)}\n`;
    writeDurably(join(target, 'state.json'), Buffer.from(text));
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file: target, reason: (cause as Error).message }, cause);
  }
}

function writeDurably(file: string, bytes: Uint8Array): void {
  const handle = openSync(`${file}.new`, 'w');
  writeSync(handle, bytes);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(`${file}.new`, file);
}
