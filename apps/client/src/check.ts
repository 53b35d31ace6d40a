import { availableParallelism } from 'node:os';
import { CAPABILITIES, codedBytes, fail, type Welcome } from '@trunkline/protocol';
import { requireGpu } from '@trunkline/model/backend';
import type { LocalCall } from '@trunkline/model/learner';
import { buildTrunk, initialTrunk, type TrunkSpec } from '@trunkline/model/trunk';
import { agreementOf } from './agreement.ts';
import type { ClientConfig } from './config.ts';
import type { CoordinatorHandlers, Link, LinkDeps } from '@trunkline/protocol/line';
import type { Trainer } from './trainer.ts';

/** `data` of `client check --format json`. Bytes are those of tensors; a line carries a little more. */
export interface Checked {
  readonly run: string;
  readonly url: string;
  readonly client: string;
  readonly parameters: number;
  /** Answers at the most. */
  readonly rounds: number;
  readonly localSteps: number | null;
  /** What crosses in one round, at the most, and in the whole run. */
  readonly bytes: { readonly upRound: number; readonly downRound: number; readonly up: number; readonly down: number };
  /** One answer's training here, and that of the whole run: at the least, for others and the network come on top. */
  readonly stepMs: number;
  readonly trainingSeconds: number;
  readonly evaluations: number;
  /** The most that this process held so far, its data and a few steps included. On a GPU its own memory is not in it. */
  readonly memoryBytes: number;
  readonly backend: string;
  readonly tasks: readonly {
    readonly task: string;
    readonly rows: Readonly<Record<string, number>>;
    readonly labelled: number;
    readonly head: string;
    readonly metrics: readonly string[];
  }[];
  readonly notes: readonly string[];
}

export interface CheckDeps {
  readonly url: string;
  readonly threads?: number | undefined;
  /** What the client's state says that it trained before. */
  readonly known: (Pick<Welcome, 'run'> & { readonly trunk: string }) | undefined;
  readonly open: (options: { threads: number }) => Trainer;
  /** Bytes that the process held at the most. */
  readonly peakMemory: () => number;
  readonly link: (deps: LinkDeps) => Link;
}

/** Steps that are timed, after one that warms up. */
const TIMED = 3;

/**
 * Checks a client against a coordinator without joining: opens its data, says hello, builds adapters and heads on the run's trunk, and
 * takes a few steps that nobody hears of. @throws what joining would: DATA_*, TARGET_UNKNOWN, TRUNK_*, LAYER_*, connection and admission
 */
export async function checkClient(config: ClientConfig, deps: CheckDeps): Promise<Checked> {
  requireGpu({ device: config.device, at: config.source.at(['device']) });
  const threads = deps.threads ?? availableParallelism();
  const trainer = deps.open({ threads });
  try {
    const { file, overrides } = config.source;
    const loaded = await trainer.ask('load', { file, overrides });
    const welcome = await greet(deps);
    const { offers, line } = await build(trainer, { config, welcome, threads });
    const stepMs = await timeSteps(trainer, config, welcome);
    const agreement = agreementOf(welcome, config, deps.url);
    const { rounds, parameters, localSteps, evaluations } = agreement;
    // With SCAFFOLD the control variate comes with the trunk.
    const elements = parameters * (welcome.local?.scaffold ? 2 : 1);
    const downRound = codedBytes(welcome.codec?.down?.name ?? 'f32', elements, undefined);
    const upRound = agreement.roundBytes;
    return {
      run: welcome.run,
      url: deps.url,
      client: config.client,
      parameters,
      rounds,
      localSteps,
      bytes: { upRound, downRound, up: agreement.bytes, down: (rounds + 1) * downRound },
      stepMs,
      trainingSeconds: (stepMs * rounds) / 1000,
      evaluations,
      memoryBytes: deps.peakMemory(),
      backend: line,
      tasks: offers.map(({ id, labelled, head, metrics }) => ({
        task: id,
        rows: loaded.tasks.find((task) => task.id === id)!.rows,
        labelled,
        head,
        metrics: metrics.map(({ name }) => name),
      })),
      notes: loaded.notes,
    };
  } finally {
    await trainer.close();
  }
}

/** Says hello and goes: no seat is taken, and nothing is sent but the client's name. */
function greet({ url, link, known }: CheckDeps): Promise<Welcome> {
  return new Promise((resolve, reject) => {
    const nothing: CoordinatorHandlers = new Proxy({} as CoordinatorHandlers, {
      get: (_, event) => () => {
        throw fail('MESSAGE_INVALID', { event: String(event), problem: 'this client only asked what the run is' });
      },
    });
    let greeted = false;
    const line = link({
      handlers: nothing,
      connected() {
        if (greeted) return;
        greeted = true;
        const hello = { capabilities: [...CAPABILITIES], ...(known && { run: known.run, trunk: known.trunk }) };
        line
          .request('hello', hello)
          .then(resolve, reject)
          .finally(() => line.close());
      },
      lost: (reason) => reject(fail('COORDINATOR_UNREACHABLE', { url, reason: `${reason}.` })),
      failed: reject,
    });
  });
}

async function build(
  trainer: Trainer,
  { config, welcome, threads }: { config: ClientConfig; welcome: Welcome; threads: number },
) {
  const { seed, weightHeads, trunk } = welcome;
  return trainer.ask('build', {
    welcome: { seed, weightHeads, spec: trunk.spec, digest: trunk.digest },
    client: config.client,
    device: config.device,
    threads,
  });
}

/** The mean time of one answer's training from the run's initial trunk. */
async function timeSteps(trainer: Trainer, { tasks }: ClientConfig, welcome: Welcome): Promise<number> {
  const { exchange, local, seed } = welcome;
  const trunk = buildTrunk(welcome.trunk.spec as TrunkSpec, { at: 'the coordinator’s trunk' });
  const lambda = Object.fromEntries(tasks.map(({ id }) => [id, 1]));
  let total = 0;
  for (let round = 0; round <= TIMED; round++) {
    const { stepMs, gradients } = await trainer.step({
      round,
      lambda,
      exchange,
      probe: false,
      ...(local ? { local: { ...(local as typeof local & Pick<LocalCall, 'optimizer'>), control: null } } : {}),
      theta: initialTrunk(trunk, seed),
    });
    for (const { slices } of gradients) for await (const _ of slices);
    if (round > 0) total += stepMs;
  }
  return total / TIMED;
}
