import { DRAWS, type Draw } from '../aggregation/strategy.ts';
import type { LearnedGradient, StepCall, StepResult } from '../learner.ts';
import { lossesOf, roundBatch, type RoundBatch } from './differentiate.ts';
import { localSteps, type LocalContext } from './local-steps.ts';
import type { Network } from './network.ts';
import { gradientOf, single } from './train-step.ts';

/** What a strategy may want of clients beside rows and losses. Made before heads and adapters step; leaves them as they are. */
export interface Wanted {
  /** The round's own batches, kept until the next round asks for their losses. */
  note(batch: RoundBatch): void;
  /** `losses-after`: task id → loss of the round before's batches on this call's trunk. */
  lossesAfter(call: StepCall): Promise<ReadonlyMap<string, number>>;
  /** `extra-batches`: one row a draw and task that has a label in it. */
  extraRows(call: StepCall, held: Pick<LocalContext, 'controls' | 'walks'>): Promise<LearnedGradient[]>;
}

export function createWanted(network: Network, weightHeads: boolean): Wanted {
  let kept: RoundBatch[] = [];
  const stepsOf = ({ local }: StepCall) => local?.steps ?? 1;

  const again = async (number: number): Promise<RoundBatch> => {
    const known = kept.find(({ round }) => round === number);
    if (known) return known;
    const rows = await Promise.all(
      network.sources.map(async (source) => [source, await source.again(number)] as const),
    );
    return roundBatch(number, new Map(rows));
  };

  const drawn = async (number: number, draw: Draw): Promise<RoundBatch> => {
    const rows = await Promise.all(
      network.sources.map(async (source) => [source, await source.extra[draw].take(number)] as const),
    );
    return roundBatch(number, new Map(rows), draw);
  };

  const load = ({ theta }: StepCall) => {
    network.trunkWeights.load(theta);
    for (const { weights } of network.tasks) weights.load();
    for (const adapter of network.adapters.values()) adapter.load();
  };

  return {
    note: (batch) => void kept.push(batch),
    async lossesAfter(call) {
      const first = (call.round - 1) * stepsOf(call);
      const sums = new Map<string, { loss: number; batches: number }>();
      for (let number = first; number < first + stepsOf(call); number++) {
        const batch = await again(number);
        const ready = network.tasks.filter((task) => batch.labels.get(task)!.labelledRows > 0);
        load(call);
        const losses = lossesOf(network, ready, batch);
        for (const [k, { plan }] of ready.entries()) {
          const { loss, batches } = sums.get(plan.id) ?? { loss: 0, batches: 0 };
          sums.set(plan.id, { loss: loss + losses[k]!, batches: batches + 1 });
        }
      }
      kept = [];
      return new Map([...sums].map(([id, { loss, batches }]) => [id, loss / batches]));
    },
    async extraRows(call, { controls, walks }) {
      const found: LearnedGradient[] = [];
      for (const draw of DRAWS) found.push(...(await (call.local ? walked(draw) : differentiated(draw))));
      return found;

      async function differentiated(draw: Draw): Promise<LearnedGradient[]> {
        const batch = await drawn(call.round, draw);
        load(call);
        return network.tasks.flatMap((task) => {
          if (batch.labels.get(task)!.labelledRows === 0) return [];
          const { losses, trunk } = single(network, task, batch);
          return Number.isFinite(losses[0]) ? [gradientOf(draw, [task], trunk)] : [];
        });
      }

      /** Local steps move heads and adapters along: these are put back. */
      async function walked(draw: Draw): Promise<LearnedGradient[]> {
        const learned = [...network.tasks.map(({ weights }) => weights), ...network.adapters.values()];
        const before = learned.map((one) => one.snapshot());
        const quiet = { ...call, local: call.local!, exchange: 'rows', probe: false } as const;
        const batchAt = (number: number) => drawn(number, draw);
        const { gradients } = await localSteps(network, quiet, {
          weightHeads,
          batchAt,
          controls: new Map(controls),
          walks,
        });
        learned.forEach((one, i) => one.restore(before[i]!));
        return gradients.map((gradient) => ({ ...gradient, kind: draw }));
      }
    },
  };
}

/** The result with what was wanted in it. Rows of further batches go with a task's own row only: without that they are of no use. */
export function withWanted(
  { losses, gradients }: StepResult,
  after: ReadonlyMap<string, number>,
  extra: readonly LearnedGradient[],
): StepResult {
  const rows = new Set(gradients.flatMap(({ kind, tasks }) => (kind === 'row' ? tasks : [])));
  return {
    losses: losses.map((loss) => (after.has(loss.task) ? { ...loss, after: after.get(loss.task)! } : loss)),
    gradients: [...gradients, ...extra.filter(({ tasks }) => rows.has(tasks[0]!))],
  };
}
