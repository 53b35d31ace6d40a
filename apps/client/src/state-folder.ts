import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
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
  /** Where the run's coordinator listened. */
  readonly url: string;
}

const labelSchema = z.object({
  run: z.string(),
  client: z.string(),
  trunk: z.string(),
  round: z.number(),
  url: z.string().default(''),
});

/** What a state folder holds of a client's runs. */
export interface HeldStates {
  /** The file that says so, for errors, and the label in it; undefined where the folder holds nothing of this run. */
  of(run: string): { readonly file: string; readonly label: StateLabel } | undefined;
  /** The run that this client trained with the coordinator at `url`, if one: no other run is told to it. */
  at(url: string): StateLabel | undefined;
}

/** Reads the labels of `client` in a state folder; a folder that is not there holds nothing. @throws SNAPSHOT_BROKEN */
export function heldStates(folder: string, client: string): HeldStates {
  const fileOf = (run: string) => join(folder, run, client, 'state.json');
  const runs = existsSync(folder) ? readdirSync(folder).filter((run) => existsSync(fileOf(run))) : [];
  const labels = runs.map((run) => readLabel(fileOf(run)));
  return {
    of(run) {
      const label = labels.find((held) => held.run === run);
      return label && { file: fileOf(run), label };
    },
    at: (url) => labels.find((held) => held.url === url),
  };
}

/** Heads that were trained on another trunk of this run fit the new one in no way. @throws TRUNK_DIFFERS */
export function refuseOtherTrunk(held: HeldStates, { run, trunk }: { run: string; trunk: { digest: string } }): void {
  const known = held.of(run);
  if (!known || known.label.trunk === trunk.digest) return;
  const [found, expected] = [known.label.trunk.slice(0, 12), trunk.digest.slice(0, 12)];
  throw fail('TRUNK_DIFFERS', { at: `The state of run ${run} in ${known.file}`, found, expected });
}

function readLabel(file: string): StateLabel {
  try {
    return labelSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw fail('SNAPSHOT_BROKEN', { file, problem: 'it is not the label of a saved state.' }, cause);
  }
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
