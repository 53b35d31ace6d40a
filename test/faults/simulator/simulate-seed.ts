import { createHash } from 'node:crypto';
import type { RunEvent } from '@trunkline/coordinator';
import { randomStream } from '@trunkline/model/random';
import { crashEverywhere } from './crash-everywhere.ts';
import { createFederation, type Federation } from './federation.ts';
import { judge, referenceOf, type Reference } from './history.ts';
import { judgeRecord } from './record.ts';
import type { Planted } from './planted.ts';
import { startStorm, type Storm } from './storm.ts';
import { codedVariants, crowded, variants, type Variant } from './variants.ts';
import { createWorld, type World } from './world.ts';

export interface Simulated {
  readonly seed: number;
  readonly variant: string;
  readonly events: number;
  readonly virtualMs: number;
  /** SHA-256 of all that happened. */
  readonly hash: string;
  readonly trace: readonly string[];
  /** What the coordinator's processes told, one after the other. */
  readonly told: readonly RunEvent[];
  /** Promises that were broken; none is what every seed must give. */
  readonly broken: readonly string[];
}

/** A run is over so soon after the last fault, in virtual time. */
const CALM_MS = 20 * 60_000;
const MOST_EVENTS = 200_000;

const references = new Map<string, Promise<Reference>>();

/** What is chosen instead of leaving it to the seed. */
export interface Chosen {
  /** Name of a variant. */
  readonly variant?: string | undefined;
  /** A bug that must be found. */
  readonly planted?: Planted | undefined;
  /** Instead of a storm: once, in the middle of the run, a bit of such a file of the coordinator is changed and its process killed. */
  readonly damaged?: RegExp;
  /** In the file of them that sorts last. */
  readonly last?: boolean;
  /** Instead of a storm: the coordinator is stopped at each write point that is not in here yet, and goes in. */
  readonly crashes?: Set<string>;
}

/** The run of a seed: which variant, which storm and every delay come from the seed alone. */
export async function simulateSeed(
  seed: number,
  { variant: name, planted, damaged, last, crashes }: Chosen = {},
): Promise<Simulated> {
  const drawn = variants[randomStream(seed, 'variant').below(variants.length)]!;
  const others = [...variants, ...codedVariants, crowded];
  const variant = name === undefined ? drawn : others.find((one) => one.name === name)!;
  const reference = references.get(variant.name) ?? withoutFaults(variant);
  references.set(variant.name, reference);
  const expected = await reference;
  const world = createWorld(seed);
  const federation = createFederation(world, variant, planted);
  const storm = crashes
    ? crashEverywhere(world, federation, crashes)
    : damaged
      ? strikeOnce(world, federation, { damaged, last })
      : startStorm(world, federation);
  const late = () => storm.over && world.now > storm.calmSince + CALM_MS;
  const how = await world.run(() => federation.over || late(), { most: MOST_EVENTS, untilMs: Infinity });
  const broken = judged(federation, variant, expected);
  if (!federation.over) broken.unshift(`not over ${late() ? `${CALM_MS} ms after the last fault` : `(${how})`}`);
  const { trace, events, now } = world;
  const hash = createHash('sha256').update(trace.join('\n')).digest('hex');
  const told = federation.history.events;
  return { seed, variant: variant.name, events, virtualMs: now, hash, trace, told, broken };
}

async function withoutFaults(variant: Variant): Promise<Reference> {
  const world = createWorld(0);
  const federation = createFederation(world, variant);
  await world.run(() => federation.over, { most: MOST_EVENTS, untilMs: Infinity });
  if (!federation.over)
    throw new Error(`${variant.name} does not end even without a fault:\n${world.trace.slice(-40).join('\n')}`);
  if (federation.history.finished.length === 0)
    throw new Error(`${variant.name} fails even without a fault:\n${world.trace.slice(-40).join('\n')}`);
  const reference = referenceOf(federation.history);
  const broken = judged(federation, variant, reference);
  if (broken.length > 0) throw new Error(`${variant.name} breaks promises even without a fault: ${broken.join('; ')}`);
  return reference;
}

function strikeOnce(
  world: World,
  federation: Federation,
  { damaged, last }: { damaged: RegExp; last: boolean | undefined },
): Storm {
  const { coordinator } = federation;
  const at = 250 + world.random.below(200);
  const storm = { over: false, calmSince: 0 };
  const again = () => Object.assign(storm, { over: true, calmSince: world.now });
  let struck = false;
  world.watch(() => {
    if (struck || world.events < at) return;
    struck = true;
    federation.kill(coordinator, { ms: 1_000, powerLost: false, again });
    world.note(`  damaged: ${coordinator.storage.flip(damaged, last)}`);
  });
  return storm;
}

const judged = ({ history, coordinator }: Federation, variant: Variant, reference: Reference): string[] =>
  variant.exact ? judge(history, reference) : judgeRecord(history, variant.plan, coordinator.storage.inside);

/** What is broken, the last of what happened before, and how to see it again. */
export const toldFailure = ({ seed, variant, broken, trace }: Simulated): string =>
  [
    `seed ${seed}, variant ${variant}, breaks its promises:`,
    ...broken.slice(0, 5).map((promise) => `- ${promise}`),
    'The last of what happened:',
    ...trace.slice(-15),
    `Again, with all that happened: TRUNKLINE_SEED=${seed} npx vitest run test/faults/simulator.test.ts`,
  ].join('\n');
