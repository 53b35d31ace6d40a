import { join } from 'node:path';
import { PROTOCOL_VERSION } from '@trunkline/protocol';
import type { Disk } from '@trunkline/model/store';
import {
  knownScores,
  layersText,
  parametersOf,
  quotation,
  settingText,
  type CardScore,
  type ExportedModel,
  type ModelCard,
} from '@trunkline/model/export';
import type { TaskPlan } from '@trunkline/model/task';
import type { ClientConfig } from './config.ts';
import type { FinishedModel } from './finished-model.ts';

export interface ClientCardOf {
  readonly config: ClientConfig;
  readonly plan: TaskPlan;
  readonly finished: FinishedModel;
  /** The folder of the client's states: that of a simulation lies in its run's. */
  readonly folder: string;
}

/** The card of one task's model, from what its client knows: its own file and data, what it agreed to, and its scores. */
export function clientCard(
  disk: Disk,
  model: ExportedModel,
  { config, plan, finished, folder }: ClientCardOf,
): ModelCard {
  const { client, description } = config;
  const { run, version, trunk, terms } = finished;
  const { train, validation, test } = plan.source.sizes;
  const kept = (scores: readonly CardScore[]) =>
    scores.filter((score) => score.task === plan.id && score.client === client);
  const inRun = kept(knownScores(disk, join(folder, '..'), run));
  const scores = inRun.length > 0 ? inRun : kept(finished.scores);
  const alone = scores.some((score) => score.alone !== null);
  return {
    title: plan.id,
    what: `Adapter, trunk and head of the task \`${plan.id}\` of client \`${client}\`: ${parametersOf(model)} values. ${madeText(finished)}`,
    shape: [
      [
        'takes',
        `[${plan.source.inputShape.join(', ')}], what the client’s source gives: scaled, encoded and standardised as its file says`,
      ],
      ['gives', outputText(model)],
      ...model.parts.map(({ name, stack }) => [name, layersText(stack)] as const),
    ],
    data: [
      description === undefined
        ? `Client \`${client}\` says nothing of its data (\`description\` in its client file).`
        : `Client \`${client}\` says of its data:`,
      ...(description === undefined ? [] : [quotation(description)]),
      `Rows: ${train} in training, ${validation} in validation, ${test} in the test split. Data of other clients shaped the trunk; only they can describe them.`,
    ],
    scores,
    aboutScores:
      scores.length === 0
        ? 'Not known here.'
        : `On the test split. ${alone ? 'Alone: the same task without other clients.' : 'How well the task does alone was not measured here.'}`,
    training: [
      ['run', run],
      ['rounds', String(version)],
      ['trunk', `\`${trunk.digest}\``],
      ...(terms ? termsFacts(terms) : []),
      ['loss', settingText(plan.loss)],
      ['optimizer of adapter and head', settingText(plan.optimizer)],
      ['batch size', String(plan.batchSize)],
      ['versions', `wire ${PROTOCOL_VERSION}, written by Node ${process.version}`],
    ],
    privacy: privacyText(client, terms),
  };
}

const madeText = ({ run, version, terms }: FinishedModel): string =>
  terms?.exchange === 'none'
    ? `The trunk is an exported one of ${version} rounds; \`${run}\` trained adapter and head on it, and left it as it was.`
    : `All clients of run \`${run}\` trained the trunk together, ${version} rounds.`;

function privacyText(client: string, terms: FinishedModel['terms']): string {
  const stayed = `Data, adapter and head never left client \`${client}\`.`;
  if (terms?.exchange === 'none') return `${stayed} Nothing else did: no one was connected.`;
  const what = terms && terms.localSteps !== null ? 'sums of local updates of the trunk' : 'gradients of the trunk';
  const each = terms && (terms.exchange === 'sum' ? ', added up over its tasks' : ', one a task');
  return `${stayed} What left are ${what}${each ?? ''}, losses and scores. They were neither clipped nor noised nor masked: who sees them may learn something of the data.`;
}

const termsFacts = ({ seed, exchange, localSteps }: NonNullable<FinishedModel['terms']>) =>
  [
    ['seed', String(seed)],
    ['exchange', exchange],
    ...(localSteps === null ? [] : [['local steps a round', String(localSteps)] as const]),
  ] as const;

function outputText({ scores, about, parts }: ExportedModel): string {
  const shape = `[${parts.at(-1)!.stack.outputShape.join(', ')}]`;
  if (scores === null) return `${shape}, the values themselves`;
  const classes = about['classes'] === undefined ? [] : (JSON.parse(about['classes']) as string[]);
  if (scores === 'sigmoid' && classes.length === 2)
    return `${shape}, the probability of ${classes[1]!} (else ${classes[0]!})`;
  return `${shape}, probabilities${classes.length > 0 ? ` of ${classes.join(', ')}` : ''} by ${scores}`;
}
