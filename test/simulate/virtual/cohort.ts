import { randomStream } from '@trunkline/model/random';

/**
 * Which of `clients` take part in a round: `count` of them, drawn without replacement from (seed, "cohort", round) by Floyd's method (Bentley and
 * Floyd 1987), so that neither time nor memory depend on how many there are. In ascending order.
 */
export function drawCohort(of: { seed: number; round: number; clients: number; count: number }): number[] {
  const { seed, round, clients, count } = of;
  if (count >= clients) return Array.from({ length: clients }, (_, place) => place);
  const random = randomStream(seed, 'cohort', round);
  const drawn = new Set<number>();
  for (let last = clients - count; last < clients; last++) {
    const place = random.below(last + 1);
    drawn.add(drawn.has(place) ? last : place);
  }
  return [...drawn].sort((a, b) => a - b);
}
