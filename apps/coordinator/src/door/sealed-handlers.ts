import { contributionTransfer, fail, toTrunklineError, type ContributionMessage } from '@trunkline/protocol';
import { answeredText, contributionText, type SealedFor, type Verifier } from '@trunkline/protocol/seal';
import type { ClientHandlers } from '../gateway.ts';
import type { AuditLog } from './audit-log.ts';

/**
 * What a client may say, behind a check of its signatures: a contribution, and the word that an answer is complete, count only with the
 * signature of the key that the client came in with. What was accepted and what was refused is written down.
 * @throws CONTRIBUTION_SEAL beside what the handlers throw
 */
export function sealedHandlers(
  handlers: ClientHandlers,
  { run, client, verify, audit }: SealedFor & { verify: Verifier; audit: AuditLog },
): ClientHandlers {
  /** What was announced for the round that is being answered, by transfer. */
  let announced = new Map<string, ContributionMessage>();
  let open = '';

  const require = (event: string, round: number, holds: boolean) => {
    if (!holds) throw fail('CONTRIBUTION_SEAL', { event, client, round });
  };
  /** Hands on, and writes down a refusal. */
  const noted = async <T>(about: object, handle: () => T | Promise<T>): Promise<T> => {
    try {
      return await handle();
    } catch (thrown) {
      audit.write({ kind: 'contribution refused', client, ...about, code: toTrunklineError(thrown).code });
      throw thrown;
    }
  };
  return {
    ...handlers,
    contribution: (message, bytes) => {
      const { round, attempt, sha256 } = message;
      const transfer = contributionTransfer(message);
      return noted({ round, attempt, transfer, sha256 }, () => {
        require('contribution', round, verify(contributionText({ run, client }, message), message.signature ?? ''));
        if (open !== `${round}/${attempt}`) announced = new Map();
        open = `${round}/${attempt}`;
        announced.set(transfer, message);
        return handlers.contribution(message, bytes);
      });
    },
    chunk: (message, bytes) => {
      const { transfer, index } = message;
      return noted({ transfer, index, sha256: announced.get(transfer)?.sha256 ?? null }, () =>
        handlers.chunk(message, bytes),
      );
    },
    answered: (message, bytes) => {
      const { round, attempt, signature = '' } = message;
      return noted({ round, attempt }, async () => {
        require('answered', round, verify(answeredText({ run, client }, message), signature));
        await handlers.answered(message, bytes);
        const parts = open === `${round}/${attempt}` ? [...announced.values()] : [];
        for (const part of parts) {
          const { kind, tasks, version = null, sha256 } = part;
          const id = { round, attempt, part: kind, tasks, version };
          audit.write({ kind: 'contribution accepted', client, ...id, sha256, signature: part.signature! });
        }
        announced = new Map();
      });
    },
  };
}
