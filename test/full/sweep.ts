/** A long test as a list of steps that can stop after any of them and go on another day. */
export interface Sweep {
  readonly name: string;
  readonly summary: string;
  /** Each step's name is what is remembered: the same name is never run twice. */
  steps(): readonly SweepStep[];
}

export interface SweepStep {
  readonly name: string;
  /** Resolves with a figure worth printing; rejects when the claim does not hold. */
  run(): Promise<string>;
}
