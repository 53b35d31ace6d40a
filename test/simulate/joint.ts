import type { ScoredTask } from '@trunkline/coordinator';
import type { VirtualReport } from './virtual/joint.ts';

/** What a joint training gave, however it was run. */
export interface Joint {
  readonly rounds: number;
  /** The training alone: from the first broadcast to the last trunk. */
  readonly seconds: number;
  readonly trunk: { readonly parameters: number; readonly sha256: string };
  /** Scores of the last trunk on the test split. */
  readonly scores: readonly ScoredTask[];
  /** `client/head/task` and `client/adapter/…` → SHA-256. */
  readonly digests: Readonly<Record<string, string>>;
  readonly bytes: { readonly up: number; readonly down: number } | null;
  /** Where its clients were virtual. */
  readonly virtual?: VirtualReport;
}
