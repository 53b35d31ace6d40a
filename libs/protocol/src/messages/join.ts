import { z } from 'zod';
import { codecField } from '../codec/index.ts';
import { limits } from '../limits.ts';
import { countField, digestField, idField, jsonField, shapeField, textField } from './fields.ts';
import { wantsField } from './round.ts';

/** Client → coordinator, first message after admission. Run and trunk are given only when the client's state holds them. */
export const helloMessage = z.strictObject({
  capabilities: z.array(z.string().max(32)).max(64),
  run: z.string().max(limits.idLength).optional(),
  trunk: digestField.optional(),
});
export type Hello = z.infer<typeof helloMessage>;

/** The coordinator's answer: all that a client needs to build the trunk and its heads, and to judge whether it wants to. */
export const welcomeMessage = z.strictObject({
  run: idField,
  /** Tells this run from an earlier one of the same name: made by chance when its folder was. */
  birth: z.string().max(limits.idLength).optional(),
  seed: z.number(),
  capabilities: z.array(z.string().max(32)).max(64),
  trunk: z.strictObject({
    /** { input, layers } as in the run file; checked against the allow-list by the client before it builds anything. */
    spec: jsonField,
    /** Digest of spec and layout: both sides built the same thing. */
    digest: digestField,
    parameters: countField.max(limits.trunkElements),
  }),
  rounds: countField,
  /** How many answers one client is asked for at the most, where clients do not share rounds; left out: one a round. */
  answers: countField.optional(),
  exchange: z.enum(['sum', 'rows']),
  /** Rows are sums of this many local updates instead of gradients; left out: gradients. */
  local: z
    .strictObject({
      steps: countField.min(1).max(limits.localSteps),
      /** Optimizer of the local steps, as in the run file; checked by the client. */
      optimizer: jsonField,
      /** μ of FedProx. */
      proximal: z.number().nonnegative(),
      scaffold: z.boolean(),
    })
    .optional(),
  /** What the strategy asks for beside rows and losses; left out: nothing. */
  wants: wantsField.optional(),
  /** How gradients and trunks are written, of what this client said it can; left out: float32. */
  codec: codecField.optional(),
  /** λ on heads too. */
  weightHeads: z.boolean(),
  evaluateEvery: countField,
  /** `best`: heads and adapters are kept with every trunk that is scored, until a better one is. */
  select: z.enum(['last', 'best']).default('last'),
  probeEvery: countField,
  /** The coordinator keeps a journal: an answer must be on the client's disk before it is sent, and the same bytes are sent again. */
  outbox: z.boolean().optional(),
  /** Steps that heads and adapters may be asked to take first, sending nothing, by a client that joins a run under way. */
  warmup: countField.max(limits.localSteps).default(0),
});
export type Welcome = z.infer<typeof welcomeMessage>;

/** What the coordinator learns of a task: nothing of its data but how many rows carry a label. */
export const taskOffer = z.strictObject({
  id: idField,
  replica: z.boolean(),
  head: z.string().max(32),
  /** The shape that the adapter gives, without the batch axis. */
  output: shapeField,
  labelled: countField,
  /** First one = the task's score. */
  metrics: z
    .array(z.strictObject({ name: z.string().max(32), better: z.enum(['higher', 'lower']) }))
    .min(1)
    .max(16),
});
export type TaskOffer = z.infer<typeof taskOffer>;

export const joinMessage = z.strictObject({
  tasks: z.array(taskOffer).min(1).max(limits.tasksPerClient),
  /** Backend, library and threads, for the run's manifest. */
  machine: z.strictObject({
    backend: textField,
    library: textField,
    device: textField,
    threads: countField,
    instructions: textField,
  }),
  /** The last (round, attempt) that this client answered, when it comes back into a run. */
  answered: z.strictObject({ round: countField, attempt: countField }).optional(),
  /** The round that its heads are ready for, and the attempt in which they came there; left out: they are new. */
  stands: z.strictObject({ round: countField, attempt: countField }).optional(),
  /** Rounds that its saved states are of. */
  holds: z.array(countField).max(16).optional(),
});
export type Join = z.infer<typeof joinMessage>;

export const joinedMessage = z.strictObject({
  /** The round that is open, or about to be. */
  round: countField,
  attempt: countField,
});
export type Joined = z.infer<typeof joinedMessage>;
