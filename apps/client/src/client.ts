import { availableParallelism } from 'node:os';
import {
  CAPABILITIES,
  toTrunklineError,
  TrunklineError,
  type CoordinatorMessage,
  type FinishedMessage,
  type TaskOffer,
  type Welcome,
} from '@trunkline/protocol';
import { requireGpu } from '@trunkline/model/backend';
import { buildTrunk, type Trunk, type TrunkSpec } from '@trunkline/model/trunk';
import { agreementOf, type Agreement } from './agreement.ts';
import { answerOf, sendAnswer, type Answer } from './answer.ts';
import type { ClientConfig } from './config.ts';
import { createCredit } from './credit.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { openLink, type CoordinatorHandlers, type Link } from './link.ts';
import { heldStates, refuseOtherTrunk, saveState, type HeldStates } from './state-folder.ts';
import { stepOf } from './step-call.ts';
import { openTrainer, type Trainer } from './trainer.ts';
import type { Machine } from './trainer-protocol.ts';

/** What a client tells about itself while it runs. */
export type ClientEvent =
  | { event: 'loaded'; client: string; tasks: { id: string; rows: Record<string, number> }[]; notes: string[] }
  | { event: 'joined'; run: string; round: number; backend: string; url: string }
  | { event: 'waiting'; phase: string; round: number; waitingFor: number }
  | { event: 'round'; round: number; losses: Record<string, number | null> }
  | {
      event: 'scores';
      version: number;
      split: string;
      scores: Record<string, Record<string, number | null>>;
      /** SHA-256 of each head and adapter. */
      digests: Record<string, string>;
    }
  | { event: 'lost'; reason: string }
  | { event: 'rewound'; round: number; attempt: number };

export interface ClientDeps {
  readonly url: string;
  readonly token?: string | undefined;
  readonly threads?: number | undefined;
  /** Where heads, adapters and optimizers are kept. */
  readonly state: string;
  readonly emit: (event: ClientEvent) => void;
  /** Asked once, before the first byte of training leaves. */
  readonly agree: (agreement: Agreement) => Promise<boolean>;
  /** How long the first connection is tried, and how long later ones. */
  readonly firstMs?: number;
  readonly laterMs?: number;
  /** For tests: held up before each answer. */
  readonly delay?: (round: number) => Promise<void>;
}

export interface FinishedTask {
  readonly task: string;
  readonly client: string;
  readonly metric: string;
  readonly split: 'test';
  readonly together: number | null;
  readonly alone: null;
  readonly delta: null;
  readonly metrics: Record<string, { together: number | null; alone: null }>;
}

export type ClientOutcome =
  | { readonly kind: 'finished'; readonly run: FinishedMessage; readonly tasks: readonly FinishedTask[] }
  | { readonly kind: 'declined' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly error: TrunklineError };

export interface Client {
  /** How it ended; never rejects. */
  readonly done: Promise<ClientOutcome>;
  /** Tensors and memory of the training thread. */
  memory(): Promise<{ tensors: number; heapUsed: number; arrayBuffers: number }>;
  close(reason?: string): Promise<void>;
}

/**
 * Starts a client: opens its data, connects, joins, and answers rounds until the run ends.
 * @throws before anything is connected: GPU_ABSENT, SNAPSHOT_BROKEN, DATA_*, TARGET_UNKNOWN, METRIC_UNKNOWN, BATCH_SIZE_DIFFERS
 */
export async function startClient(config: ClientConfig, deps: ClientDeps): Promise<Client> {
  requireGpu({ device: config.device, at: config.source.at(['device']) });
  const held = heldStates(deps.state, config.client);
  const threads = deps.threads ?? availableParallelism();
  const trainer = openTrainer({ device: config.device, threads });
  try {
    const { file, overrides } = config.source;
    const loaded = await trainer.ask('load', { file, overrides });
    deps.emit({ event: 'loaded', client: config.client, ...loaded });
  } catch (error) {
    await trainer.close();
    throw error;
  }
  return converse(config, { ...deps, threads, held }, trainer);
}

/** What a client holds once it knows the run. */
interface Entered {
  readonly welcome: Welcome;
  readonly trunk: Trunk;
  readonly inbox: Inbox;
  readonly offers: TaskOffer[];
  readonly machine: Machine;
  /** What the backend says of itself. */
  readonly line: string;
}

function converse(
  config: ClientConfig,
  deps: ClientDeps & { threads: number; held: HeldStates },
  trainer: Trainer,
): Client {
  let joined: Entered | undefined;
  let answer: Answer | undefined;
  let working: { round: number; attempt: number } | undefined;
  let scores: FinishedTask[] = [];
  const credit = createCredit();
  let settle: (outcome: ClientOutcome) => void = () => undefined;
  let over = false;
  /** The run is over: an answer still under way is no longer wanted. */
  let farewell = false;
  const done = new Promise<ClientOutcome>((resolve) => (settle = resolve));

  const end = async (outcome: ClientOutcome) => {
    if (over) return;
    over = true;
    link.close();
    await trainer.close();
    settle(outcome);
  };
  const failWith = (thrown: unknown) => void end({ kind: 'failed', error: toTrunklineError(thrown) });

  const join = async () => {
    const before = deps.held.at(deps.url);
    const saved = before && { run: before.run, trunk: before.trunk };
    const known = joined ? { run: joined.welcome.run, trunk: joined.trunk.digest } : saved;
    const welcome = await link.request('hello', { capabilities: [...CAPABILITIES], ...known });
    joined ??= await enter(welcome);
    if (!joined) return end({ kind: 'declined' });
    joined.inbox.reset();
    const { offers, machine } = joined;
    const reply = await link.request('join', { tasks: offers, machine, ...(answer ? { answered: answer.id } : {}) });
    deps.emit({ event: 'joined', run: welcome.run, round: reply.round, backend: joined.line, url: deps.url });
  };

  const enter = async (welcome: Welcome) => {
    refuseOtherTrunk(deps.held, welcome);
    // Shapes first: a trunk that is not on the allow-list, or too large, ends here.
    const trunk = buildTrunk(welcome.trunk.spec as TrunkSpec, { at: 'the coordinator’s trunk' });
    const agreed = await deps.agree(agreementOf(welcome, config, deps.url));
    if (!agreed) return undefined;
    const { seed, weightHeads } = welcome;
    const { offers, machine, line } = await trainer.ask('build', {
      welcome: { seed, weightHeads, spec: welcome.trunk.spec, digest: welcome.trunk.digest },
      client: config.client,
      device: config.device,
      threads: deps.threads,
    });
    return {
      welcome,
      trunk,
      inbox: createInbox(trunk.layout.length),
      offers,
      machine,
      line,
    };
  };

  const work = async (call: CoordinatorMessage<'round'>) => {
    const { round, attempt } = call;
    credit.set(call.credit);
    if (answer?.id.round === round && answer.id.attempt === attempt) return sendAnswer(link, answer, credit.use);
    // Asked again while still at it: what is under way will be sent.
    if (working?.round === round && working.attempt === attempt) return;
    const mine = { round, attempt };
    working = mine;
    try {
      await learn(call, mine);
    } finally {
      // Only its own mark: after a rewind the next attempt may be under way already.
      if (working === mine) working = undefined;
    }
  };

  const learn = async (call: CoordinatorMessage<'round'>, mine: object) => {
    const { round, attempt } = call;
    const begun = performance.now();
    const { trunk, inbox } = joined!;
    const { theta, control } = await inbox.trunk(call.version, attempt);
    const waitMs = performance.now() - begun;
    const learned = await trainer.step({ ...stepOf(call, joined!.welcome, control), theta });
    const stepMs = learned.stepMs;
    const made = await answerOf({ round, attempt }, trunk.layout, learned);
    await deps.delay?.(round);
    // The run went back meanwhile: this answer belongs to no round any more.
    if (working !== mine) return;
    const sendMs = performance.now() - begun - waitMs - stepMs;
    answer = { ...made, version: call.version, timing: { waitMs, stepMs, sendMs } };
    working = undefined;
    deps.emit({ event: 'round', round, losses: Object.fromEntries(made.losses.map(({ task, loss }) => [task, loss])) });
    await sendAnswer(link, answer, credit.use);
  };

  const evaluate = async ({ version, attempt, split, best }: CoordinatorMessage<'evaluate'>) => {
    const { theta } = await joined!.inbox.trunk(version, attempt);
    const { scores: found, digests } = await trainer.ask('evaluate', {
      version,
      theta,
      split,
      keep: joined!.welcome.select === 'best' && split === 'validation',
      ...(best === undefined ? {} : { best }),
    });
    const tasks = found.map(({ task, loss, metrics }) => ({
      task,
      loss: Number.isFinite(loss) ? loss : null,
      metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value ?? null])),
    }));
    if (split === 'test') scores = tasks.map(({ task, metrics }) => finishedTask(config, task, metrics));
    const shown = Object.fromEntries(tasks.map(({ task, metrics }) => [task, metrics]));
    deps.emit({ event: 'scores', version: best ?? version, split, scores: shown, digests });
    await link.request('scores', { version, attempt, split, tasks, digests });
  };

  /** A line that breaks half-way is no failure: the coordinator asks again when it is back. */
  const during = (task: Promise<unknown>) => {
    task.catch((thrown: unknown) => {
      if (!over && !farewell && !isLineBreak(thrown) && !isStale(thrown)) failWith(thrown);
    });
  };

  const handlers: CoordinatorHandlers = {
    trunk: (message) => joined!.inbox.announce(message),
    chunk: (message, bytes) => joined!.inbox.chunk(message, bytes),
    round: (message) => during(work(message)),
    credit: ({ chunks }) => credit.add(chunks),
    evaluate: (message) => during(evaluate(message)),
    rewind: ({ round, attempt }) => {
      answer = undefined;
      working = undefined;
      during(trainer.ask('rewind', { round }).then(() => deps.emit({ event: 'rewound', round, attempt })));
    },
    status: (message) => deps.emit({ event: 'waiting', ...message }),
    finished: (message) => {
      farewell = true;
      during(
        trainer.ask('snapshot', {}).then(({ bytes }) => {
          saveState(
            deps.state,
            {
              run: message.run,
              client: config.client,
              trunk: joined!.trunk.digest,
              round: message.rounds,
              url: deps.url,
            },
            bytes,
          );
          return end({ kind: 'finished', run: message, tasks: scores });
        }),
      );
    },
  };
  const { url, token } = deps;
  const link: Link = openLink(
    { url, token, client: config.client, firstMs: deps.firstMs ?? 60_000, laterMs: deps.laterMs ?? 3_600_000 },
    {
      handlers,
      connected: () => during(join()),
      lost: (reason) => deps.emit({ event: 'lost', reason }),
      failed: failWith,
    },
  );
  return {
    done,
    memory: () => trainer.ask('memory', {}),
    async close(reason = 'stopped by its user') {
      if (!over) await link.request('leave', { reason }).catch(() => undefined);
      await end({ kind: 'stopped' });
    },
  };
}

/** The run moved on, or went back, while this client was at it: what it made is not wanted any more. */
const isStale = (thrown: unknown): boolean =>
  thrown instanceof TrunklineError && ['CONTRIBUTION_STALE', 'CONTRIBUTION_UNKNOWN'].includes(thrown.code);

const isLineBreak = (thrown: unknown): boolean =>
  thrown instanceof Error && /^(connection lost|not connected|operation has timed out)/.test(thrown.message);

function finishedTask(config: ClientConfig, task: string, metrics: Record<string, number | null>): FinishedTask {
  const metric = Object.keys(metrics)[0]!;
  const all = Object.fromEntries(Object.entries(metrics).map(([name, together]) => [name, { together, alone: null }]));
  return {
    task,
    client: config.client,
    metric,
    split: 'test',
    together: metrics[metric]!,
    alone: null,
    delta: null,
    metrics: all,
  };
}
