import { fillRun, planRun, type Plan } from '@trunkline/coordinator';

/** A run to put through storms: everything that is not chance. */
export interface Variant {
  readonly name: string;
  readonly plan: Plan;
  /** It ends in the bytes of the run without a fault; otherwise in those of a replay of its record. */
  readonly exact: boolean;
  /** Client → its tasks. */
  readonly clients: Readonly<Record<string, readonly string[]>>;
}

const TRIO = { ann: ['t-one', 't-two'], ben: ['t-three'], cleo: ['t-four'] };
const PAIR = { ann: ['t-one'], ben: ['t-three', 't-two'] };
const MOMENTUM = { momentum: { learningRate: 0.05 } };
const RECORDED = { optimizer: MOMENTUM, record: { keepJournal: true } };

/** Runs of a few rounds with few parameters: what can go wrong between processes does not depend on sizes. */
export const variants: readonly Variant[] = [
  variant('sums', TRIO, { optimizer: MOMENTUM }),
  variant('rows', PAIR, { exchange: 'rows', optimizer: { adam: { learningRate: 0.02 } } }),
  variant('strategy', TRIO, { strategy: 'pcgrad', optimizer: MOMENTUM }),
  variant('best', PAIR, { select: 'best', optimizer: MOMENTUM, evaluateEvery: 3 }),
  variant('local', TRIO, { mode: { local: { steps: 2 } }, optimizer: MOMENTUM }),
  variant('buffered', TRIO, { mode: { buffered: { size: 2, maxAge: 3 } }, ...RECORDED }),
  variant('proceed', PAIR, { mode: { sync: { onMissing: 'proceed', deadlineMs: 2_000 } }, ...RECORDED }),
  variant('alone', { ann: ['t-one'] }, { optimizer: MOMENTUM, rounds: 30 }),
];

/** Beside those that seeds choose from: room for two answers at a time, for three clients; one that brings rows beside its sum takes more than there is. */
export const crowded = variant('crowded', TRIO, {
  ...{ mode: { buffered: { size: 2, maxAge: 3 } }, uploadsMb: 0.00007 },
  ...RECORDED,
});

/** The same with codecs, whose left-overs must come through every crash: beside the others, which a seed chooses from. */
export const codedVariants: readonly Variant[] = [
  variant('coded-sums', TRIO, { optimizer: MOMENTUM, codec: { up: 'int8', down: 'int8' } }),
  variant('coded-rows', PAIR, { exchange: 'rows', codec: { up: { topk: { fraction: 0.3, momentum: 0.5 } } } }),
  variant('coded-local', TRIO, { mode: { local: { steps: 2 } }, codec: { up: 'int8', down: 'bfloat16' } }),
  variant('coded-best', PAIR, { select: 'best', evaluateEvery: 3, codec: { up: 'int8', down: 'float16' } }),
  variant('told-sums', TRIO, { optimizer: MOMENTUM, codec: { down: 'delta' } }),
  variant('told-best', PAIR, { select: 'best', evaluateEvery: 3, codec: { up: 'int8', down: 'delta' } }),
  variant('told-buffered', TRIO, { mode: { buffered: { size: 2, maxAge: 3 } }, ...RECORDED, codec: { down: 'delta' } }),
  variant('coded-buffered', TRIO, {
    mode: { buffered: { size: 2, maxAge: 3 } },
    ...RECORDED,
    codec: { up: 'int8', down: 'int8' },
  }),
];

function variant(name: string, clients: Variant['clients'], settings: Record<string, unknown>): Variant {
  const value = {
    run: name,
    seed: 3,
    trunk: { input: [3], layers: [{ dense: { units: 2 } }] },
    rounds: 14,
    evaluateEvery: 5,
    probeEvery: 4,
    checkpointEvery: 3,
    expect: Object.values(clients).flat(),
    ...settings,
  };
  const source = { name, file: name, folder: '.', overrides: [], value, at: () => name };
  const plan = planRun(fillRun(source));
  return { name, clients, plan, exact: plan.pace.patience.onMissing === 'wait' };
}
