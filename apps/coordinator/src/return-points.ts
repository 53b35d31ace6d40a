import type { RunSnapshot } from './checkpoints.ts';
import type { CoreDeps } from './core-contract.ts';
import type { Desk } from './desk.ts';
import { toldLoss } from './journal/loss.ts';
import type { Recorder } from './journal/recorder.ts';
import { baseOf } from './journal/take-up.ts';
import type { Machine } from './machine.ts';
import type { Members } from './members.ts';
import type { Effect } from './round-events.ts';
import type { RunEvent, ScoredTask } from './run-events.ts';
import type { Selection } from './selection.ts';
import type { Telling } from './telling.ts';
import type { TrunkStep } from './trunk-step.ts';

/** The points that a run can return to, and the ways back to them. */
export interface ReturnPoints {
  restore(snapshot: RunSnapshot): void;
  /** Takes one, durable before anyone is called to the round after it, unless the run stands at the last one. @param due what it is taken for */
  keep(due: Effect): void;
  /** The same, but whatever the last one is. */
  keepAnew(due: Effect): void;
  /** The run has moved on from the last one. */
  passed(): void;
  goBack(effect: Extract<Effect, { do: 'rewind' }>): void;
  renew(effect: Extract<Effect, { do: 'renew' }>): void;
}

interface Parts extends Pick<CoreDeps, 'checkpoints' | 'ledger' | 'record'> {
  readonly machine: Machine;
  readonly members: Members;
  readonly desk: Desk;
  readonly keeper: TrunkStep;
  readonly selection: Selection;
  readonly recorder: Recorder;
  readonly telling: Telling;
  readonly emit: (event: RunEvent) => void;
  readonly lastScores: () => readonly ScoredTask[];
}

export function createReturnPoints(parts: Parts): ReturnPoints {
  const { checkpoints, ledger, record, machine, members, desk, keeper, selection, recorder, telling, emit } = parts;
  const { state } = machine;
  /** Its version, while the run stands there. */
  let kept: number | undefined;

  const restore = (snapshot: RunSnapshot) => {
    keeper.restore(snapshot);
    selection.restore(snapshot.selection);
    kept = snapshot.version;
  };
  const keepAnew = (due: Effect) => {
    if (!checkpoints) return;
    const known = { selection: selection.snapshot(), streaks: [...state.streaks], enough: state.enough };
    const saved = checkpoints.save({ ...keeper.snapshot(), ...known });
    ledger.saved(keeper.version);
    const base = baseOf({ machine, members, desk, keeper, scores: parts.lastScores(), due, sha256: saved.sha256 });
    recorder.checkpoint(base, desk.pending(), checkpoints.oldest() ?? 0);
    emit({ event: 'checkpoint', round: keeper.version, ...saved });
  };
  return {
    restore,
    keepAnew,
    keep(due) {
      if (kept !== keeper.version) keepAnew(due);
    },
    passed: () => void (kept = undefined),
    // The new attempt is on record before anyone hears of it.
    goBack({ round, attempt, anew }) {
      ledger.begin(attempt, round);
      restore(checkpoints!.load(round));
      checkpoints!.forgetAfter(round);
      for (const client of members.all.keys()) telling.back(client, { round, attempt, anew: anew.includes(client) });
      emit({ event: 'rewound', round, attempt });
    },
    // What the journal has lost is said with what is asked anew because of it.
    renew({ round, attempt }) {
      ledger.renew(attempt, round);
      const dropped = desk.renew(attempt);
      const loss = record?.found?.loss;
      if (loss) emit({ event: 'damaged', ...toldLoss(loss, dropped) });
      emit({ event: 'rewound', round, attempt });
    },
  };
}
