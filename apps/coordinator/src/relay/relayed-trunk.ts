import { fail, type Welcome } from '@trunkline/protocol';
import { buildTrunk, type Trunk, type TrunkSpec } from '@trunkline/model/trunk';

/**
 * The trunk of a run that a relay can take part in: one that waits for everyone, round by round. In the other modes an acknowledged contribution
 * outlives a crash of whoever acknowledged it, for which a relay would need a journal.
 * @throws RELAY_MODE, TRUNK_DIFFERS, LAYER_*
 */
export function relayedTrunk({ run, local, answers, outbox, trunk: given }: Welcome): Trunk {
  const mode = local
    ? 'local'
    : answers !== undefined
      ? 'buffered'
      : outbox
        ? 'sync with onMissing: proceed'
        : undefined;
  if (mode !== undefined) throw fail('RELAY_MODE', { run, mode });
  const trunk = buildTrunk(given.spec as TrunkSpec, { at: 'the coordinator’s trunk' });
  if (trunk.digest === given.digest) return trunk;
  const [found, expected] = [given.digest.slice(0, 12), trunk.digest.slice(0, 12)];
  throw fail('TRUNK_DIFFERS', { at: 'What the coordinator sends', found, expected });
}
