import type { Delivery } from './delivery.ts';
import type { Machine } from './machine.ts';
import type { Members } from './members.ts';
import type { Selection } from './selection.ts';
import type { TrunkStep } from './trunk-step.ts';

/** What the run itself tells its clients, beside the rounds that its desk calls them to. */
export interface Telling {
  /** Asks a client for the scores that are due. */
  askScores(client: string): Promise<void>;
  /** Says to all what is being waited for. */
  waiting(found: ReturnType<Machine['waitingFor']>): void;
  /** Sends one client back to before `round`; `anew`: it holds no state of it. */
  back(client: string, to: { round: number; attempt: number; anew?: boolean }): void;
}

export function createTelling(parts: {
  readonly machine: Machine;
  readonly members: Members;
  readonly delivery: Delivery;
  readonly keeper: TrunkStep;
  readonly selection: Selection;
}): Telling {
  const { machine, members, delivery, keeper, selection } = parts;
  const { state } = machine;
  return {
    async askScores(client) {
      const split = state.scoring[0];
      const member = members.all.get(client);
      if (!split) return;
      await delivery.tell(member?.connection ?? null, async (line) => {
        // What this was to score may be over by the time that it may be said.
        if (state.scoring[0] !== split) return;
        const { version } = keeper;
        const { attempt } = state;
        await Promise.all([
          delivery.trunkTo(member!, attempt, { purpose: 'score' }),
          line.send('evaluate', { version, attempt, split, ...selection.forScoring(split) }),
        ]);
      });
    },
    waiting({ clients, tasks }) {
      const running = state.phase === 'gathering' || state.phase === 'evaluating' ? state.phase : 'training';
      const phase = state.paused ? 'paused' : running;
      const waitingFor = clients.length || tasks.length;
      for (const { connection } of members.all.values())
        void delivery.tell(connection, (line) => line.send('status', { phase, round: state.round, waitingFor }));
    },
    back(client, { round, attempt, anew }) {
      const member = members.all.get(client)!;
      member.holds = null;
      member.cold = false;
      void delivery.tell(member.connection, (line) =>
        line.send('rewind', { round, attempt, ...(anew ? { anew } : {}) }),
      );
    },
  };
}
