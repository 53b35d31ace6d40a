import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fail } from '@trunkline/protocol';
import { buildTrunk, trunkFromKeras, type Trunk } from '@trunkline/model/trunk';
import type { RunConfig } from './config.ts';

/**
 * The trunk of a run file: its layers, or those of the Keras JSON file that it names, relative to the run file.
 * @throws CONFIG_MISSING, CONFIG_SYNTAX, CONFIG_INVALID, LAYER_*
 */
export function readTrunk({ trunk, source }: RunConfig): Trunk {
  if ('layers' in trunk) return buildTrunk(trunk, { at: (path) => source.at(['trunk', ...path]) });
  const { file, input } = trunk;
  const json = readJson(resolve(source.folder, file), file);
  const { at, ...spec } = trunkFromKeras(json, { at: file, ...(input ? { input } : {}) });
  return buildTrunk(spec, { at });
}

function readJson(path: string, name: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw fail('CONFIG_MISSING', { file: path }, cause);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw fail('CONFIG_SYNTAX', { at: name, problem: (cause as Error).message }, cause);
  }
}
