import { fail, type TaskOffer, type Welcome } from '@trunkline/protocol';
import { createInbox, holdTo, type Agreed, type Inbox } from '@trunkline/protocol/line';
import { createErrorFeedback, decodeValues } from '@trunkline/model/codec';
import { buildTrunk, type Trunk, type TrunkSpec } from '@trunkline/model/trunk';
import { agreementOf, type Agreement } from './agreement.ts';
import type { ClientConfig } from './config.ts';
import type { ClientEvent } from './client-event.ts';
import { createCourse, type Course } from './course.ts';
import type { Compression } from './outgoing.ts';
import type { RunLabel, RunStates } from './run-states.ts';
import { refuseOtherTrunk, type HeldStates } from './state-folder.ts';
import type { Trainer } from './trainer.ts';
import type { Machine } from './trainer-protocol.ts';

/** What a client holds once it knows the run. */
export interface Entered {
  readonly welcome: Welcome;
  readonly agreed: Agreed;
  readonly trunk: Trunk;
  readonly inbox: Inbox;
  readonly course: Course;
  /** How gradients are written, and what that left out so far. */
  readonly compression: Compression;
  readonly offers: TaskOffer[];
  readonly machine: Machine;
  /** What the backend says of itself. */
  readonly line: string;
}

export interface EnterDeps {
  readonly url: string;
  readonly threads: number;
  readonly held: HeldStates;
  readonly trainer: Trainer;
  /** What is kept of a run. */
  readonly states: (label: RunLabel) => RunStates;
  readonly emit: (event: ClientEvent) => void;
  /** Asked once, before the first byte of training leaves. */
  readonly agree: (agreement: Agreement) => Promise<boolean>;
}

/** Judges the run that a coordinator offers, and builds for it; undefined: it was declined. @throws TRUNK_DIFFERS, LAYER_*, REQUEST_NOT_AGREED, SNAPSHOT_BROKEN, STORAGE_FAILED */
export async function enter(
  config: ClientConfig,
  welcome: Welcome,
  { url, threads, held, trainer, states, emit, agree }: EnterDeps,
): Promise<Entered | undefined> {
  refuseOtherTrunk(held, welcome);
  // Shapes first: a trunk that is not on the allow-list, or too large, ends here.
  const trunk = buildTrunk(welcome.trunk.spec as TrunkSpec, { at: 'the coordinator’s trunk' });
  const { parameters } = welcome.trunk;
  if (parameters !== trunk.layout.length)
    throw fail('REQUEST_NOT_AGREED', {
      asked: `a trunk that it says has ${parameters} parameters`,
      agreed: `no trunk but the one described, which has ${trunk.layout.length}`,
    });
  const agreed = await agree(agreementOf(welcome, config, url));
  if (!agreed) return undefined;
  const tasks = config.tasks.map(({ id }) => id);
  const { seed, weightHeads } = welcome;
  const built = await trainer.ask('build', {
    welcome: { seed, weightHeads, spec: welcome.trunk.spec, digest: welcome.trunk.digest },
    client: config.client,
    device: config.device,
    threads,
  });
  const { run, birth = '', exchange, local } = welcome;
  const terms = { seed: welcome.seed, exchange, localSteps: local?.steps ?? null };
  const label = { run, birth, client: config.client, trunk: trunk.digest, url, terms };
  const { up, down } = welcome.codec ?? {};
  const { length } = trunk.layout;
  const compression = { codec: up, feedback: createErrorFeedback(up, length) };
  const course = createCourse({ trainer, states: states(label), feedback: compression.feedback, emit });
  await course.open();
  const inbox = createInbox(length, down && { codec: down, decode: decodeValues });
  return { welcome, agreed: holdTo(welcome, tasks), trunk, inbox, course, compression, ...built };
}
