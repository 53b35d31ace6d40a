import type { Shape } from '../layout.ts';
import type { Random } from '../random.ts';

export type Split = 'train' | 'validation' | 'test';
export const SPLITS: readonly Split[] = ['train', 'validation', 'test'];

/** A target's values for some rows. Numbers: NaN is a missing label. Text: '' is a missing label. */
export type Column =
  | { readonly kind: 'number'; readonly shape: Shape; readonly values: Float32Array }
  | { readonly kind: 'text'; readonly values: readonly string[] };

/** Some rows of a source: inputs [size, ...inputShape] flat, and every target's column. */
export interface Rows {
  readonly size: number;
  readonly inputs: Float32Array;
  readonly targets: Readonly<Record<string, Column>>;
}

/** Rows that can be read by number, in any order, from any split, at any time: nothing remembers what was read before. */
export interface Source {
  /** One row's input, without the batch axis. */
  readonly inputShape: Shape;
  /** What each target looks like: its kind and, for numbers, one row's shape ([] for a scalar). */
  readonly targets: Readonly<Record<string, { readonly kind: 'number' | 'text'; readonly shape: Shape }>>;
  readonly sizes: Readonly<Record<Split, number>>;
  /** The file to name in errors. */
  readonly file: string;
  /** What the user should know of how the files were read: rows left out, splits made, values never seen in training. */
  readonly notes?: readonly string[];
  /** Where a row stands in its files, for errors, e.g. `12 (line 14)`; no two rows of a source stand at the same place. */
  place?(split: Split, row: number, target?: string): string;
  /** Reading waits for no file and no other thread. */
  readonly inMemory?: boolean;
  /** Where a loader gives training batches itself: the batch of a round, instead of rows by number. */
  batch?(request: { round: number; size: number; random: Random }): Promise<Rows>;
  /** `batch` gives the same rows for a round whatever `random` says. */
  readonly oneBatchARound?: boolean;
  read(split: Split, rows: readonly number[] | Uint32Array): Promise<Rows>;
  /** A target's whole column in a split: labels are small even where inputs are not. */
  column(split: Split, target: string): Promise<Column>;
}

/** What a client module may supply instead: batches by round. `random` is keyed by (seed, stream, round). */
export interface Loader {
  /** Rows in the split, where it is known. */
  readonly size?: number;
  batch(request: { round: number; size: number; random: Random }): Promise<Rows>;
}
