import { planRun, type Plan } from '@trunkline/coordinator';
import { fail } from '@trunkline/protocol';
import { flatDigest } from '@trunkline/model/layout';
import type { Job } from '../job.ts';
import type { Joint } from '../joint.ts';
import { openCast } from './learning-cast.ts';
import type { VirtualRules } from './options.ts';
import { trainVirtual } from './train.ts';

/** What a run of virtual clients says beside its scores. */
export interface VirtualReport {
  readonly clients: number;
  /** Calls to a client, over all rounds, and how many of their answers counted. */
  readonly asked: number;
  readonly answered: number;
  /** Clients that took a step at all, and how many of them the scores are means over. */
  readonly stepped: number;
  readonly scored: number;
  /** The time that the run would have taken its clients, as the simulation has it. */
  readonly virtualSeconds: number;
}

/** The joint training with virtual clients in place of the run's own. @throws USAGE, and as `trainVirtual` and `openCast` do */
export async function trainWithVirtual(
  job: Job,
  rules: VirtualRules,
  signal?: AbortSignal,
): Promise<Joint & { readonly virtual: VirtualReport }> {
  const plan = planRun(job.config);
  refuse(plan, job, rules);
  const { clients, sample, faults, skew } = rules;
  const cast = await openCast(job, plan, { clients, ...(skew === undefined ? {} : { skew }) });
  const started = performance.now();
  const run = await trainVirtual(plan, cast, { sample, faults, handOver: 'message', ...(signal ? { signal } : {}) });
  const seconds = (performance.now() - started) / 1000;
  const { scores, scored } = await cast.score(run.theta);
  const { rounds, asked, answered, virtualSeconds } = run;
  return {
    ...{ rounds, seconds, scores, digests: {}, bytes: null },
    trunk: { parameters: plan.trunk.layout.length, sha256: flatDigest(run.theta) },
    virtual: { clients, asked, answered, stepped: cast.stepped, scored, virtualSeconds },
  };
}

/** What needs to know one client from one round to the next. */
function refuse({ pace, strategy }: Plan, { config, clients }: Job, rules: VirtualRules): void {
  const not = pace.buffer
    ? 'mode buffered'
    : config.select === 'best'
      ? '`select: best`'
      : config.stopAfter !== undefined
        ? '`stopAfter`'
        : pace.local?.scaffold
          ? '`scaffold`'
          : strategy.wants.includes('losses-after')
            ? `the strategy ${strategy.name}`
            : undefined;
  if (not !== undefined) {
    const what = `Virtual clients come and go between rounds: ${not} does not go with --virtual.`;
    throw fail('USAGE', { what, remedy: 'Change the run with --set, or leave --virtual out.' });
  }
  if (rules.clients >= clients.length) return;
  const what = `--virtual ${rules.clients}: the run has ${clients.length} clients, and each needs one copy at least.`;
  throw fail('USAGE', { what, remedy: `Write --virtual ${clients.length} or more.` });
}
