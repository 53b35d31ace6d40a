import { isDeepStrictEqual } from 'node:util';
import { fail, type CoordinatorMessage, type TrunklineError, type Welcome } from '../index.ts';

/**
 * Holds a coordinator to what this client agreed to: the welcome that was shown before anything left. Whatever is asked beyond it is refused
 * before the training thread hears of it. All of them throw REQUEST_NOT_AGREED.
 */
export interface Agreed {
  /** The welcome after a broken line: the same run, or nothing. True where it asks for more of the same, which must be agreed to anew. */
  renewed(welcome: Welcome): boolean;
  /** A round within the run, in order, for this client's tasks, exchanged as agreed; rows in addition only where they were due. */
  round(call: CoordinatorMessage<'round'>): void;
  /** Scores of a version that was due; of the test split only at the end. */
  evaluate(call: CoordinatorMessage<'evaluate'>): void;
  finished(message: CoordinatorMessage<'finished'>): void;
}

const notAgreed = (asked: string, agreed: string): TrunklineError => fail('REQUEST_NOT_AGREED', { asked, agreed });

/** Refuses what is asked before anything was agreed to. @throws REQUEST_NOT_AGREED */
export function agreedFirst<T>(entered: T | undefined, asked: string): T {
  if (entered === undefined) throw notAgreed(asked, 'nothing yet');
  return entered;
}

/** What may not change while a run goes on: with another of them the same heads and the same agreement would mean something else. */
const fixed = ({ run, seed, trunk, exchange, local, codec, wants, weightHeads, select }: Welcome) => ({
  run,
  seed,
  trunk: trunk.digest,
  exchange,
  local,
  codec,
  wants: wants ?? [],
  'λ on heads': weightHeads,
  select,
});
const amounts = ({ rounds, answers, evaluateEvery, probeEvery, warmup }: Welcome) => ({
  rounds,
  answers,
  evaluateEvery,
  probeEvery,
  warmup,
});

/** How often one client is asked at the most: once a round; where rounds are not shared, what the welcome says. */
export const mostAnswers = ({ rounds, answers }: Welcome): number => answers ?? rounds;

/** A coordinator whose folder was made anew knows nothing of what was trained. @throws REQUEST_NOT_AGREED */
export function refuseOtherBirth(before: Welcome, { run, birth }: Welcome): void {
  if (birth === before.birth) return;
  throw notAgreed(`to go on in another run named ${run}`, 'the one that it joined');
}

/** @param tasks ids of this client's tasks */
export function holdTo(welcome: Welcome, tasks: readonly string[]): Agreed {
  const { rounds, exchange, evaluateEvery, probeEvery, select, wants = [], warmup } = welcome;
  let last = { round: -1, attempt: -1 };
  let tested: number | undefined;

  const within = (version: number) => {
    if (version >= rounds) throw notAgreed(`an answer from trunk ${version}`, `${rounds} rounds, from trunk 0 on`);
  };
  const knownTasks = (named: Readonly<Record<string, number>>) => {
    const stranger = Object.keys(named).find((task) => !tasks.includes(task));
    if (stranger !== undefined) throw notAgreed(`the task ${stranger}`, tasks.join(', '));
  };
  const selecting = (best: number | undefined) => {
    if (best !== undefined && select !== 'best')
      throw notAgreed(`the trunk of round ${best}`, 'the scores of the last one');
  };
  return {
    renewed(next) {
      const [before, now] = [fixed(welcome), fixed(next)];
      for (const key of Object.keys(before) as (keyof typeof before)[]) {
        if (isDeepStrictEqual(before[key], now[key])) continue;
        throw notAgreed(`${key} ${JSON.stringify(now[key]) ?? 'none'}`, JSON.stringify(before[key]) ?? 'none');
      }
      if (isDeepStrictEqual(amounts(welcome), amounts(next))) return false;
      // A run may be prolonged; nothing else about it changes meanwhile.
      if (next.rounds > rounds) return true;
      throw notAgreed(JSON.stringify(amounts(next)), JSON.stringify(amounts(welcome)));
    },
    round(call) {
      const { round, attempt, version, probe } = call;
      const most = mostAnswers(welcome);
      if (round >= most) throw notAgreed(`answer ${round + 1}`, `${most} answers`);
      within(version);
      if (attempt === last.attempt && round < last.round)
        throw notAgreed(`round ${round} after round ${last.round}`, 'each round once, in order');
      last = { round, attempt };
      if (call.exchange !== exchange) throw notAgreed(`exchange: ${call.exchange}`, `exchange: ${exchange}`);
      knownTasks(call.lambda);
      knownTasks(call.scale ?? {});
      // Where clients answer each at their own pace, it is the trunk that says whether rows are due.
      const turn = welcome.answers === undefined ? round : version;
      if (probe && !(exchange === 'sum' && probeEvery > 0 && turn % probeEvery === 0))
        throw notAgreed(`the rows of round ${round}`, probeEvery > 0 ? `those of every ${probeEvery} rounds` : 'none');
      const more = call.wants?.find((want) => !wants.includes(want));
      if (more !== undefined) throw notAgreed(more, wants.join(', ') || 'gradients and losses alone');
      if ((call.warmup ?? 0) > warmup) throw notAgreed(`a warm-up of ${call.warmup} steps`, `${warmup} steps`);
      selecting(call.best);
    },
    evaluate({ version, split, best }) {
      const due = version === rounds || (version > 0 && version % evaluateEvery === 0);
      if (!due || version > rounds)
        throw notAgreed(
          `the scores of trunk ${version}`,
          `those of every ${evaluateEvery} rounds and of trunk ${rounds}`,
        );
      selecting(best);
      if (split !== 'test') return;
      if (tested !== undefined && tested !== version)
        throw notAgreed(`the test split again, at trunk ${version}`, `it once: it was scored at trunk ${tested}`);
      tested = version;
    },
    finished(message) {
      if (message.run !== welcome.run) throw notAgreed(`the end of run ${message.run}`, `run ${welcome.run}`);
      if (message.rounds > rounds) throw notAgreed(`${message.rounds} rounds`, `${rounds} rounds`);
    },
  };
}
