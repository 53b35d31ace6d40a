import { flatDigest } from '@trunkline/model/layout';
import type { Desk } from '../desk.ts';
import type { Machine } from '../machine.ts';
import { seatedRecord, type Members } from '../members.ts';
import type { Effect } from '../round-events.ts';
import type { Selection } from '../selection.ts';
import type { ScoredTask } from '../run-events.ts';
import type { TrunkStep } from '../trunk-step.ts';
import { toPlain } from './plain.ts';
import type { BaseRecord } from './record.ts';
import { retell, type Told } from './replay.ts';
import type { Entry } from './segments.ts';

/** The parts of a run that hold something. */
export interface RunParts {
  readonly machine: Machine;
  readonly members: Members;
  readonly desk: Desk;
  readonly keeper: TrunkStep;
  readonly selection: Selection;
  /** Of the open evaluation, by client. */
  readonly scores: Map<string, readonly ScoredTask[]>;
  /** An evaluation is over; left out: with the scores that came. */
  readonly scored: (tasks?: readonly ScoredTask[]) => void;
  /** To the checkpoint before a round. */
  readonly goBack: (round: number) => void;
  /** The key of the run file. */
  readonly warmup: number;
}

/** Brings a run to where its journal ends. @throws JOURNAL_REPLAY */
export function takeUp(entries: Iterable<Entry>, parts: RunParts): Told {
  const { machine, members, desk, keeper } = parts;
  return retell(entries, {
    base(record) {
      machine.restore(record.machine);
      record.seats.forEach(members.restore);
      parts.scored(record.scores);
      desk.restoreCounts(record.counts);
    },
    seated: members.restore,
    desk(record, body) {
      desk.retell(record, body);
      if (record.kind === 'answered') members.all.get(record.client)!.cold = false;
    },
    close() {
      keeper.advance(desk.close().answers);
      return flatDigest(keeper.theta);
    },
    scores: ({ client, tasks }) => void parts.scores.set(client, tasks),
    heard(event) {
      if (event.type === 'answered') desk.settle(event.client);
      const effects = machine.feed(event);
      effects.forEach((effect) => rememberOnly(effect, parts));
      if (event.type === 'left' && !machine.state.seats.has(event.client)) members.remove(event.client);
      return effects;
    },
  });
}

/** What the machine asks for, as far as it is done in memory. */
function rememberOnly(effect: Effect, { members, desk, selection, scores, scored, goBack, warmup }: RunParts): void {
  switch (effect.do) {
    case 'evaluate':
      return scores.clear();
    case 'scored':
      return scored();
    case 'rewind':
      for (const member of members.all.values()) member.cold = false;
      return goBack(effect.round);
    case 'renew':
      return void desk.renew(effect.attempt);
    case 'return':
      members.all.get(effect.client)!.cold = false;
      return;
    case 'anew':
      members.all.get(effect.client)!.cold = warmup > 0;
      return selection.forget();
    default:
      return;
  }
}

/** What a new segment begins with. */
export function baseOf(parts: {
  machine: Machine;
  members: Members;
  desk: Desk;
  keeper: TrunkStep;
  scores: readonly ScoredTask[];
  due: Effect;
  sha256: string;
}): Omit<BaseRecord, 'kind' | 'following'> {
  const { machine, members, desk, keeper, scores, due, sha256 } = parts;
  return {
    round: keeper.version,
    attempt: machine.state.attempt,
    sha256,
    machine: toPlain(machine.state),
    seats: [...members.all.values()].map(seatedRecord),
    counts: desk.counts(),
    scores,
    due: [due],
  };
}
