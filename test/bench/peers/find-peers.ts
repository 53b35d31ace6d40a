import { join } from 'node:path';

/** Where the other projects' scripts are, what runs them, and the data that both sides train on. */
export interface Peers {
  readonly folder: string;
  readonly python: string;
  /** Holds `medical` and `cifar10`. */
  readonly data: string;
}

export type Found = { readonly peers: Peers } | { readonly missing: string };

/**
 * TRUNKLINE_PEERS names the folder of the scripts; TRUNKLINE_PEERS_PYTHON the Python with their libraries (left out: `.venv` in that folder);
 * TRUNKLINE_DATA the data (left out: `data` beside that folder, as the scripts themselves look for it).
 * @returns what is missing, as one sentence, where one of them is not there
 */
export function findPeers(env: NodeJS.ProcessEnv, exists: (path: string) => boolean): Found {
  const folder = env['TRUNKLINE_PEERS'];
  if (!folder) return { missing: 'TRUNKLINE_PEERS does not say where the scripts of the others are.' };
  if (!exists(join(folder, 'flower_rig.py'))) return { missing: `TRUNKLINE_PEERS: no flower_rig.py in ${folder}.` };
  const python = env['TRUNKLINE_PEERS_PYTHON'] ?? join(folder, '.venv', 'bin', 'python');
  if (!exists(python)) {
    return {
      missing: `there is no Python at ${python}: make it as the scripts' README says, or set TRUNKLINE_PEERS_PYTHON.`,
    };
  }
  const data = env['TRUNKLINE_DATA'] ?? join(folder, '..', 'data');
  if (!exists(join(data, 'medical'))) return { missing: `no folder medical in ${data}: set TRUNKLINE_DATA.` };
  return { peers: { folder, python, data } };
}
