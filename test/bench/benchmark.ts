/** One line of a benchmark's result: both sides measured in one run, and their ratio against a goal. */
export interface Measured {
  /** As in the issues: A1, T3, E4, or a name. */
  readonly id: string;
  readonly what: string;
  readonly ours: number;
  readonly baseline: number;
  readonly unit: string;
  /** ours ÷ baseline; for an absolute bound ours ÷ bound. Always finite. */
  readonly ratio: number;
  readonly goal: number;
  readonly holds: boolean;
}

export interface Benchmark {
  readonly name: string;
  readonly group: 'kernels' | 'transport' | 'step' | 'durable' | 'scale' | 'modes' | 'data' | 'peers';
  readonly summary: string;
  /** What it measures, as the issues call it: `bench A1` runs it. */
  readonly ids?: readonly string[];
  measure(say: (text: string) => void): Promise<Measured[]>;
}

export interface Claim {
  readonly id: string;
  readonly what: string;
  readonly ours: number;
  readonly baseline: number;
  readonly unit: string;
  readonly goal: number;
  /** Which side of the goal is good. */
  readonly better: 'higher' | 'lower';
}

export function measured({ better, ...claim }: Claim): Measured {
  const ratio = claim.ours / claim.baseline;
  return { ...claim, ratio, holds: better === 'higher' ? ratio >= claim.goal : ratio <= claim.goal };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
