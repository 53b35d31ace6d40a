import { join } from 'node:path';
import { PROTOCOL_VERSION } from '@trunkline/protocol';
import { knownScores, layersText, settingText, type ModelCard } from '@trunkline/model/export';
import { readSealed, type Disk } from '@trunkline/model/store';
import { readConfig } from './run-folder.ts';
import { byCodeUnits } from './by-code-units.ts';
import type { RunModel } from './run-model.ts';

/** What of a run's configuration says how its trunk came about. */
const TOLD = [
  'seed',
  'strategy',
  'exchange',
  'mode',
  'optimizer',
  'weights',
  'weightHeads',
  'select',
  'maxNorm',
  'codec',
];

/** The card of a run's trunk, from what its folder holds. */
export function trunkCard(disk: Disk, folder: string, { trunk, run, version, planned }: RunModel): ModelCard {
  const config = readConfig(disk, folder) ?? {};
  const tasks = Array.isArray(config['expect']) ? (config['expect'] as string[]).join(', ') : 'not named before';
  const scores = knownScores(disk, folder, run);
  const machines = readSealed(disk, join(folder, 'manifest.json'));
  const manifest = (machines?.problem === undefined ? machines?.value : undefined) as Manifest | undefined;
  const told = TOLD.map((key) => [key, settingText(config[key])] as const).filter(([, text]) => text !== '');
  const { from } = (config['trunk'] ?? {}) as { readonly from?: unknown };
  return {
    title: `The trunk of ${run}`,
    what: `The layers that the clients of run \`${run}\` share: ${trunk.layout.length} values after ${version} of ${planned} rounds. Heads and adapters are their clients’ own and not in it.`,
    shape: [
      ['takes', `[${trunk.inputShape.join(', ')}], what the adapters of its clients give`],
      ['gives', `[${trunk.outputShape.join(', ')}], what their heads take`],
      ['layers', layersText(trunk)],
    ],
    data: [
      `Tasks: ${tasks}. Their data never left the clients; each client’s own export describes them in its words (\`client export\`).`,
    ],
    scores,
    aboutScores:
      scores.length === 0
        ? 'Not known: the run is not over, or its result is not in its folder.'
        : 'Of each task with its own head, on its client’s test split, when the run was over. Alone: the same task without the others; – where it was not measured.',
    training: [
      ...told,
      ...(from === undefined ? [] : [['begun from', settingText(from)] as const]),
      ['trunk', `\`${trunk.digest}\``],
      [
        'clients',
        Object.keys(manifest?.clients ?? {})
          .sort(byCodeUnits)
          .join(', ') || 'not known',
      ],
      ['versions', `wire ${manifest?.protocol ?? PROTOCOL_VERSION}, Node ${manifest?.node ?? process.version}`],
    ],
    privacy:
      'Gradients of the trunk, losses and scores left the clients. They were neither clipped nor noised nor masked: who saw them, the coordinator first, may have learned something of the data.',
  };
}

interface Manifest {
  readonly protocol?: number;
  readonly node?: string;
  readonly clients?: Readonly<Record<string, unknown>>;
}
