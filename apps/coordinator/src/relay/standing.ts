import { GENERATIONS } from '@trunkline/model/store';
import type { Standing } from '../round-events.ts';

/** Where the heads of one of a relay's clients stand: what it said when it joined, and what it was asked since. */
export interface Placed {
  /** undefined: they are new. */
  readonly stands: Standing | undefined;
  /** Rounds that its saved states are of, oldest first. */
  readonly holds: readonly number[];
}

/** It answered a round; before a checkpoint round it has saved its state. */
export function afterAnswer(
  { holds }: Placed,
  { round, attempt, checkpoint }: { round: number; attempt: number; checkpoint: boolean },
): Placed {
  const held = checkpoint ? [...holds.filter((one) => one < round), round].slice(-GENERATIONS) : holds;
  return { stands: { round: round + 1, attempt }, holds: held };
}

/** It went back to before `round`; what it does not hold it begins anew. */
export function afterRewind({ holds }: Placed, { round, attempt }: Standing): Placed {
  return { stands: { round, attempt }, holds: holds.includes(round) ? holds.filter((one) => one <= round) : [] };
}

/**
 * What a relay says of its clients as one: the earliest round and attempt that any of them stands at, and the saved rounds that all of them
 * hold that hold any. A coordinator that is told so goes back as far as the last of them needs. Clients with new heads have nothing to go back to.
 */
export function standingOf(places: readonly Placed[]): { stands?: Standing; holds: number[] } {
  const standings = places.flatMap(({ stands }) => stands ?? []);
  if (standings.length === 0) return { holds: [] };
  const round = Math.min(...standings.map((stands) => stands.round));
  const attempt = Math.min(...standings.map((stands) => stands.attempt));
  const holders = places.filter(({ holds }) => holds.length > 0);
  const common = (holders[0]?.holds ?? []).filter((held) => holders.every(({ holds }) => holds.includes(held)));
  // Of an earlier attempt the coordinator knows no later round than those that were reached in it.
  const earliest = places.filter(({ stands }) => stands?.attempt === attempt);
  const until = Math.max(round, ...earliest.flatMap(({ holds }) => holds));
  return { stands: { round, attempt }, holds: common.filter((held) => held <= until) };
}

/** Whether a client that is back can go on where the relay is: it owes this round, or has just answered it. */
export function inPlace(
  stands: Standing,
  at: Standing & { readonly training: boolean; readonly answered: boolean },
): boolean {
  if (stands.attempt !== at.attempt) return false;
  return stands.round === at.round ? !(at.training && at.answered) : at.training && stands.round === at.round + 1;
}
