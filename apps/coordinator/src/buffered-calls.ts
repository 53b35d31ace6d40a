import { fail, type AnsweredMessage, type ContributionMessage } from '@trunkline/protocol';
import { openIntake, requireOpen, type Asked, type RoundIntake } from './intake.ts';
import type { JournalPart } from './journal/journal.ts';
import type { CalledRecord } from './journal/record.ts';
import type { Recorder } from './journal/recorder.ts';
import type { Plan } from './plan.ts';
import { soleSum, type SoleSum } from './sole-sum.ts';

/** An answer that is due from a client. */
export interface Call {
  readonly intake: RoundIntake;
  readonly sum: SoleSum;
  readonly asked: Asked;
  /** Trunks that it was sent to be answered from: asked again after a broken line, it may start from a newer one. */
  readonly versions: Set<number>;
  readonly probe: boolean;
  /** What the journal says of it so far. */
  readonly parts: JournalPart[];
  /** Once it is complete: from which trunk, and what it says. */
  answer?: { readonly version: number; readonly message: AnsweredMessage };
}

/** The answers that are due in mode `buffered`, one of each client at the most, and what has come in of them. */
export interface Calls {
  /** undefined: nothing is due from this client. */
  of(client: string): Call | undefined;
  /** @throws CONTRIBUTION_STALE: nothing is due from this client */
  due(client: string): Call;
  begin(called: Pick<CalledRecord, 'client' | 'round' | 'attempt' | 'asked' | 'probe'>): Call;
  /** Notes a trunk that the call may be answered from. */
  from(client: string, version: number): void;
  /** The client says that its answer is complete. @throws MESSAGE_INVALID, CONTRIBUTION_STALE */
  answered(client: string, message: AnsweredMessage): void;
  /** The same call again, of which nothing has come in. */
  forget(client: string): void;
  /** Its answer was taken in. */
  remove(client: string): void;
  /** Nothing is due any more. @returns whose answers were, and the contributions that had come in for them */
  clear(): { clients: string[]; dropped: number };
  /** What the journal says of them. */
  parts(): JournalPart[];
}

export function createCalls(plan: Plan, recorder: Recorder): Calls {
  const { exchange, trunk, config, strategy, codecs } = plan;
  const calls = new Map<string, Call>();
  const due = (client: string): Call => {
    const call = calls.get(client);
    if (!call) throw fail('CONTRIBUTION_STALE', { found: 'some', expected: 'none' });
    return call;
  };
  const begin: Calls['begin'] = ({ client, round, attempt, asked, probe }) => {
    const { length } = trunk.layout;
    const { maxNorm } = config;
    const bounds = { probe: probe && exchange === 'sum', maxNorm, wants: strategy.wants, codec: codecs.up };
    const parts: JournalPart[] = [];
    const record = (from: string, message: ContributionMessage, body: Uint8Array) => {
      parts.push({ record: { kind: 'contribution', client: from, message }, body });
      return recorder.contribution?.(from, message, body);
    };
    const sum = soleSum();
    const intake = openIntake({ round, attempt, exchange, length, asked: [asked], sum, record, ...bounds });
    const call: Call = { intake, sum, asked, versions: new Set(), probe, parts };
    calls.set(client, call);
    return call;
  };
  const recordOf = (client: string, { intake, asked, probe }: Call, version: number): CalledRecord => {
    const { round, attempt } = intake;
    return { kind: 'called', client, round, attempt, version, asked, probe };
  };
  return {
    of: (client) => calls.get(client),
    due,
    begin,
    from(client, version) {
      const call = due(client);
      if (call.versions.has(version)) return;
      call.versions.add(version);
      const record = recordOf(client, call, version);
      call.parts.push({ record });
      recorder.note(record);
    },
    answered(client, message) {
      const call = due(client);
      // Said twice, it comes when the next answer is due: from which trunk that one is has nothing to do with it.
      requireOpen(message.round, message.attempt, call.intake.round, call.intake.attempt);
      const version = versionOf(call, message);
      call.intake.answered(client, message);
      call.answer = { version, message };
      call.parts.push({ record: { kind: 'answered', client, message } });
    },
    forget(client) {
      const before = due(client);
      before.intake.close();
      const call = begin(recordOf(client, before, 0));
      for (const version of before.versions) {
        call.versions.add(version);
        call.parts.push({ record: recordOf(client, call, version) });
      }
    },
    remove: (client) => void calls.delete(client),
    clear() {
      const dropped = [...calls.values()].reduce((sum, { intake }) => sum + intake.taken, 0);
      for (const { intake } of calls.values()) intake.close();
      const clients = [...calls.keys()];
      calls.clear();
      return { clients, dropped };
    },
    parts: () => [...calls.values()].flatMap(({ parts }) => parts),
  };
}

function versionOf({ versions, intake }: Call, message: AnsweredMessage): number {
  const version = message.version ?? Math.max(...versions);
  if (versions.has(version)) return version;
  throw fail('MESSAGE_INVALID', {
    event: 'answered',
    problem: `round ${intake.round} was not asked from trunk ${version}`,
  });
}
