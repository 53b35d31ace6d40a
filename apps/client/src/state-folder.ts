import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { fail } from '@trunkline/protocol';
import { readSealed, type Disk } from '@trunkline/model/store';
import type { ClientConfig } from './config.ts';

/** Version of what lies in a state folder. */
export const STATE_FORMAT = 1;

const termsSchema = z.object({
  seed: z.number(),
  /** `none`: nothing left, the client trained by itself on a trunk that stays. */
  exchange: z.enum(['sum', 'rows', 'none']),
  /** null: a round is one gradient. */
  localSteps: z.number().nullable(),
});

/** Terms of a run that its models are described by. */
export type RunTerms = z.output<typeof termsSchema>;

export interface StateLabel {
  readonly run: string;
  readonly client: string;
  /** Tells the run from others of the same name; '' where it is not known. */
  readonly birth: string;
  /** Fingerprint of the trunk that these heads were trained on. */
  readonly trunk: string;
  /** Rounds trained, once the run is over. */
  readonly round: number;
  /** Where the run's coordinator listened. */
  readonly url: string;
  /** What the run asked of this client; left out: not known. */
  readonly terms?: RunTerms | undefined;
  /** Of `state.safetensors`; null: the run is not over. */
  readonly sha256: string | null;
}

const labelSchema = z.object({
  format: z.number().default(STATE_FORMAT),
  run: z.string(),
  client: z.string(),
  birth: z.string().default(''),
  trunk: z.string(),
  round: z.number(),
  url: z.string().default(''),
  terms: termsSchema.optional(),
  sha256: z.string().nullable().default(null),
});

/** What a state folder holds of a client's runs. */
export interface HeldStates {
  /** The file that says so, for errors, and the label in it; undefined where the folder holds nothing of this run. */
  of(run: string): { readonly file: string; readonly label: StateLabel } | undefined;
  /** The run that this client trained with the coordinator at `url`, if one: no other run is told to it. */
  at(url: string): StateLabel | undefined;
}

/** Where the state of one run lies. */
export const runStateFolder = (folder: string, run: string, client: string): string => join(folder, run, client);

/**
 * Reads the labels of `client` in a state folder; a folder that is not there holds nothing. A damaged label is set aside: the states beside
 * it say which run they are of.
 * @param said hears which file, and what became of it
 * @throws SNAPSHOT_BROKEN for what is no label, FOLDER_FORMAT
 */
export function heldStates(
  disk: Disk,
  folder: string,
  client: string,
  said: (file: string, problem: string) => void = () => undefined,
): HeldStates {
  const fileOf = (run: string) => join(runStateFolder(folder, run, client), 'state.json');
  const labels = disk.list(folder).flatMap((run) => {
    const file = fileOf(run);
    const found = readSealed(disk, file);
    if (!found) return [];
    if (found.problem === undefined) return [labelOf(file, found.value)];
    disk.rename(file, `${file}.damaged`);
    said(file, `${found.problem}; it is set aside as \`.damaged\``);
    return [];
  });
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

function labelOf(file: string, value: unknown): StateLabel {
  let label: z.output<typeof labelSchema>;
  try {
    label = labelSchema.parse(value);
  } catch (cause) {
    throw fail('SNAPSHOT_BROKEN', { file, problem: 'it is not the label of a saved state.' }, cause);
  }
  if (label.format !== STATE_FORMAT) throw fail('FOLDER_FORMAT', { file, found: label.format, expected: STATE_FORMAT });
  return label;
}

/**
 * Where a client's states lie: what the command line says, else the client file, relative to itself, else a folder per user, outside every
 * project.
 */
export function stateFolder(
  given: string | undefined,
  { state, source }: Pick<ClientConfig, 'state' | 'source'>,
  environment: NodeJS.ProcessEnv,
): string {
  if (given !== undefined) return given;
  if (state !== undefined) return resolve(source.folder, state);
  return join(environment['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'trunkline');
}
