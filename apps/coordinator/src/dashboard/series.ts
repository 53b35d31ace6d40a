/** Buckets that a series may have; with one more, neighbours are merged. */
export const BUCKETS = 240;

type Bucket = [index: number, count: number, sum: number, least: number, most: number];

/** Values by round in bounded memory: of each bucket of `width` rounds the count, sum, least and most. Plain JSON. */
export interface Series {
  /** Rounds a bucket; a power of two. */
  width: number;
  buckets: Bucket[];
}

/** What is drawn: per bucket its first round, mean, least and most. */
export interface Points {
  readonly x: number[];
  readonly mean: number[];
  readonly least: number[];
  readonly most: number[];
}

export const emptySeries = (): Series => ({ width: 1, buckets: [] });

/** Takes the value of one round; what is null or not finite leaves a gap. Rounds come in rising order. */
export function push(into: Series, round: number, value: number | null | undefined): void {
  if (value === null || value === undefined || !Number.isFinite(value)) return;
  add(into.buckets, [Math.floor(round / into.width), 1, value, value, value]);
  while (into.buckets.length > BUCKETS) {
    into.width *= 2;
    const merged: Bucket[] = [];
    for (const [index, ...rest] of into.buckets) add(merged, [index >> 1, ...rest]);
    into.buckets = merged;
  }
}

/** The run went back to before `round`: what came after is repeated. A bucket that began earlier stays. */
export function cutFrom(series: Series, round: number): void {
  series.buckets = series.buckets.filter(([index]) => index * series.width < round);
}

export function pointsOf({ width, buckets }: Series): Points {
  return {
    x: buckets.map(([index]) => index * width),
    mean: buckets.map(([, count, sum]) => short(sum / count)),
    least: buckets.map(([, , , least]) => short(least)),
    most: buckets.map(([, , , , most]) => short(most)),
  };
}

function add(into: Bucket[], next: Bucket): void {
  const last = into.at(-1);
  if (last?.[0] !== next[0]) {
    into.push(next);
    return;
  }
  last[1] += next[1];
  last[2] += next[2];
  last[3] = Math.min(last[3], next[3]);
  last[4] = Math.max(last[4], next[4]);
}

const short = (value: number): number => Number(value.toPrecision(5));
