/** Figures as people read them: three digits and a unit, never a long row of digits. */

/** `1.2 MB`, in powers of 1000. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 || value >= 9.95 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** `40 ms`, `1.4 s`, `12 s`, `3 min`, `2 h 5 min`, `3 d 4 h`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 0.9995) return `${Math.round(Math.max(0, ms))} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Three digits that matter. */
export function figureText(value: number | null): string {
  if (value === null) return '–';
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-3)) return value.toExponential(1);
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(3);
}

/** Rows as text, each with its line break: the first column to the left, the others to the right, widths in code points. */
export function columns(rows: readonly (readonly string[])[], left: ReadonlySet<number> = new Set([0])): string[] {
  const size = (cell: string) => [...cell].length;
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => size(row[column]!))));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const gap = ' '.repeat(widths[column]! - size(cell));
        return left.has(column) ? cell + gap : gap + cell;
      })
      .join('  ')
      .trimEnd(),
  );
}
