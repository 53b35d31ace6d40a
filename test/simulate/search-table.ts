import type { SearchResult } from './search.ts';
import { align } from './table.ts';

/** Candidates, the best first, and the best as a block for the run file. */
export function searchTable({ candidates, best, rounds, seconds, strategy }: SearchResult): string {
  const tasks = Object.keys(best);
  const worth = ({ rounds: trained, gain }: SearchResult['candidates'][number]) =>
    [trained, gain ?? -Infinity] as const;
  const ranked = candidates.toSorted((a, b) => {
    const [[roundsA, gainA], [roundsB, gainB]] = [worth(a), worth(b)];
    return roundsA === roundsB ? (gainA === gainB ? 0 : gainB - gainA) : roundsB - roundsA;
  });
  const rows = ranked.map(({ weights, rounds: trained, gain }, i) => [
    `${i + 1}${weights === candidates[0]!.weights ? ' (all 1)' : ''}`,
    String(trained),
    gain === null ? 'undefined' : `${gain < 0 ? '−' : '+'}${Math.abs(gain).toFixed(2)} %`,
    ...tasks.map((task) => weights[task]!.toFixed(3)),
  ]);
  const lines = [
    align([['place', 'rounds', 'gain', ...tasks], ...rows]),
    '',
    'gain: mean over tasks of the validation score relative to that with all weights 1 after as many rounds; positive = better.',
    `${candidates.length} candidates with ${strategy}, halved until ${rounds} rounds, in ${seconds.toFixed(1)} s. The best, for the run file:`,
    '',
    'weights:',
    ...tasks.map((task) => `  ${task}: ${best[task]}`),
  ];
  return `${lines.join('\n')}\n`;
}
