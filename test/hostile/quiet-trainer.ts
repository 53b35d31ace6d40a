import type { ConversationDeps } from '@trunkline/client';

type Trainer = ConversationDeps['trainer'];

/** A training thread without training: it answers with zeros, and tells what it was asked. */
export interface QuietTrainer {
  readonly trainer: Trainer;
  /** Names of its requests, rounds with their number. */
  readonly asked: string[];
}

/** @param length elements of the trunk */
export function quietTrainer(task: string, length: number): QuietTrainer {
  const asked: string[] = [];
  const answers: Record<string, (ask: Record<string, unknown>) => unknown> = {
    build: () => ({
      offers: [
        {
          id: task,
          replica: false,
          head: 'classify',
          output: [4],
          labelled: 24,
          metrics: [{ name: 'accuracy', better: 'higher' }],
        },
      ],
      machine: { backend: 'none', library: 'none', device: 'cpu', threads: 1, instructions: 'none' },
      line: 'Backend: none',
    }),
    evaluate: () => ({ scores: [{ task, loss: 1, metrics: { accuracy: 0.5 } }], digests: {} }),
    snapshot: () => ({ bytes: new Uint8Array(8) }),
  };
  const note = (name: string, ask: { round?: number; version?: number }) =>
    asked.push(`${name} ${ask.round ?? ask.version ?? ''}`.trim());
  const trainer = {
    ask(name: string, ask: Record<string, unknown>) {
      note(name, ask);
      return Promise.resolve(answers[name]?.(ask) ?? {});
    },
    step(call: Record<string, unknown>) {
      note('step', call);
      const slices = (async function* () {
        yield { offset: 0, values: new Float32Array(length) };
      })();
      return Promise.resolve({
        losses: [{ task, loss: 1, labelled: 8 }],
        gradients: [{ kind: 'sum', tasks: [task], slices }],
        stepMs: 0,
      });
    },
    close: () => Promise.resolve(),
  };
  return { trainer: trainer as unknown as Trainer, asked };
}
