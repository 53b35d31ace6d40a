const BARS = '▁▂▃▄▅▆▇█';

/** The last values as bars from the least to the greatest of them; `×` where one is not finite. */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const shown = values.slice(-width);
  const finite = shown.filter((value) => value !== null);
  const [least, greatest] = [Math.min(...finite), Math.max(...finite)];
  return shown
    .map((value) => {
      if (value === null) return '×';
      const place = greatest === least ? 0.5 : (value - least) / (greatest - least);
      return BARS[Math.min(BARS.length - 1, Math.floor(place * BARS.length))]!;
    })
    .join('');
}

/** A change smaller than this share of the level is none. */
const LEVEL = 0.01;

/** Whether the second half of the values lies under or over the first: ↓, ↑, → or, with fewer than four, nothing. */
export function arrow(values: readonly (number | null)[]): string {
  const finite = values.filter((value) => value !== null);
  if (finite.length < 4) return ' ';
  const half = Math.floor(finite.length / 2);
  const mean = (some: readonly number[]) => some.reduce((sum, value) => sum + value, 0) / some.length;
  const [before, after] = [mean(finite.slice(0, half)), mean(finite.slice(half))];
  if (Math.abs(after - before) <= LEVEL * Math.abs(before)) return '→';
  return after < before ? '↓' : '↑';
}
