import type { CoordinatorMessage, ScoresMessage } from '@trunkline/protocol';
import type { Inbox, Link } from '@trunkline/protocol/line';
import type { RunEvent } from '../run-events.ts';
import type { Crew } from './crew.ts';
import { mergedScores } from './merged.ts';

/** Scores on their way through a relay: asked for above, given below, one word a task. */
export interface ScoreRelay {
  evaluate(call: CoordinatorMessage<'evaluate'>): Promise<void>;
  scored(client: string, message: ScoresMessage): Promise<void>;
  /** Asks a client that is back for what it owes. */
  ask(client: string): Promise<void>;
  readonly due: () => string[];
  /** Trunks are being scored, and no round is open. */
  readonly scoring: boolean;
  drop(): void;
}

export function createScoreRelay(deps: {
  readonly crew: Crew;
  readonly inbox: Inbox;
  readonly link: () => Link;
  readonly emit: (event: RunEvent) => void;
}): ScoreRelay {
  const { crew, inbox } = deps;
  let open:
    { call: CoordinatorMessage<'evaluate'>; asked: readonly string[]; found: Map<string, ScoresMessage> } | undefined;
  let awaited: CoordinatorMessage<'evaluate'> | undefined;
  /** What was said last: asked again, it is said again. */
  let said: ScoresMessage | undefined;
  const isFor = (
    one: { version: number; attempt: number; split: string } | undefined,
    other: ScoresMessage | CoordinatorMessage<'evaluate'>,
  ) => one?.version === other.version && one.attempt === other.attempt && one.split === other.split;
  const due = () => open?.asked.filter((client) => !open!.found.has(client)) ?? [];

  const ask = async (client: string) => {
    const member = crew.members.all.get(client);
    const { call } = open ?? {};
    if (!member || !call) return;
    await crew.tell(member, async (line) => {
      await Promise.all([crew.delivery.trunkTo(member, call.attempt), line.send('evaluate', call)]);
    });
  };
  return {
    due,
    ask,
    get scoring() {
      return open !== undefined || said !== undefined;
    },
    async evaluate(call) {
      const { version, attempt } = call;
      if (isFor(said, call)) return void (await deps.link().request('scores', said!));
      if (isFor(awaited, call)) return;
      if (open && isFor(open.call, call)) return void (await Promise.all(due().map(ask)));
      const { turn } = crew;
      awaited = call;
      try {
        const { theta, done } = await inbox.trunk(version, attempt);
        if (turn === crew.turn && awaited === call && crew.version !== version) crew.carry(version, theta.slice());
        done();
      } finally {
        if (awaited === call) awaited = undefined;
      }
      if (turn !== crew.turn || crew.version !== version) return;
      said = undefined;
      crew.reached({ round: version, attempt });
      open = { call, asked: crew.names(), found: new Map() };
      await Promise.all(open.asked.map(ask));
    },
    async scored(client, message) {
      const mine = open;
      if (!mine || !isFor(mine.call, message) || !mine.asked.includes(client)) return;
      mine.found.set(client, message);
      if (due().length > 0) return;
      open = undefined;
      const { version, attempt, split, best } = mine.call;
      const scores = mergedScores(crew.brought(), mine.found);
      said = { version, attempt, split, ...scores };
      const tasks = crew
        .names()
        .flatMap((name) =>
          (mine.found.get(name)?.tasks ?? []).map(({ task, loss, metrics }) => ({ task, client: name, loss, metrics })),
        );
      deps.emit({ event: 'scores', version: best ?? version, split, tasks });
      await deps.link().request('scores', said);
    },
    drop() {
      open = awaited = said = undefined;
    },
  };
}
