import type { ErrorReport, TaskOffer, Welcome } from '@trunkline/protocol';
import type { FeedbackState } from '@trunkline/model/codec';
import type { LearnedGradient, StepCall, TaskLoss, TaskScore } from '@trunkline/model/learner';

/** What the training thread can be asked, and what it answers. */
export interface Requests {
  /** Opens every source: bad data is found before anything is connected. */
  load: {
    ask: { file: string; overrides: readonly string[] };
    answer: { tasks: { id: string; rows: Record<string, number> }[]; notes: string[] };
  };
  /** Opens the backend and builds trunk, adapters and heads. */
  build: {
    ask: {
      welcome: Pick<Welcome, 'seed' | 'weightHeads'> & { spec: unknown; digest: string };
      client: string;
      device: 'auto' | 'gpu' | 'cpu';
      threads: number;
    };
    answer: { offers: TaskOffer[]; machine: Machine; line: string };
  };
  step: {
    ask: StepCall & {
      /** With `select: best`: the trunk with the best scores so far. */
      best?: number;
    };
    answer: {
      losses: readonly TaskLoss[];
      gradients: readonly Pick<LearnedGradient, 'kind' | 'tasks'>[];
      stepMs: number;
    };
  };
  evaluate: {
    ask: {
      version: number;
      theta: Float32Array;
      split: 'validation' | 'test';
      /** Keep heads and adapters as they are: this trunk may turn out to be the best. */
      keep: boolean;
      /** Score this trunk instead, which was kept. */
      best?: number;
    };
    answer: { scores: TaskScore[]; digests: Record<string, string> };
  };
  /** All that training reads: heads, adapters, optimizers, and what is kept of the best trunk. */
  save: {
    ask: {
      /** What the codec has left out so far: kept with the rest, so that neither is ever older than the other. */
      feedback?: FeedbackState;
    };
    answer: { bytes: Uint8Array };
  };
  /** Back to what was saved; null: to new heads and adapters. */
  restore: { ask: { bytes: Uint8Array | null }; answer: Record<string, never> };
  /** Heads, adapters and optimizers as they are, and the trunk that the test split was scored with, if one. */
  snapshot: { ask: Record<string, never>; answer: { bytes: Uint8Array } };
  memory: {
    /** Garbage is collected first. */
    ask: Record<string, never>;
    answer: { tensors: number; heapUsed: number; arrayBuffers: number };
  };
}

export interface Machine {
  readonly backend: string;
  readonly library: string;
  readonly device: string;
  readonly threads: number;
  readonly instructions: string;
}

export type RequestName = keyof Requests;
export type ToTrainer = { [N in RequestName]: { id: number; name: N; ask: Requests[N]['ask'] } }[RequestName];
export type FromTrainer =
  | { type: 'answer'; id: number; answer: unknown }
  | { type: 'error'; id: number; error: ErrorReport }
  /** Part of gradient number `gradient` of the step with this id; null ends it. */
  | { type: 'slice'; id: number; gradient: number; slice: { offset: number; values: Float32Array } | null };
