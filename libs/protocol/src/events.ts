import type { z } from 'zod';
import type { ErrorReport } from './fail.ts';
import {
  answeredMessage,
  chunkMessage,
  contributionMessage,
  creditMessage,
  evaluateMessage,
  finishedMessage,
  helloMessage,
  joinedMessage,
  joinMessage,
  leaveMessage,
  missingMessage,
  nothing,
  readyMessage,
  replyOf,
  rewindMessage,
  roundMessage,
  scoresMessage,
  statusMessage,
  trunkMessage,
  welcomeMessage,
  type Joined,
  type MissingMessage,
  type Reply,
  type Welcome,
} from './messages/index.ts';

/** What a client may say, and the form each message must have. */
export const clientEvents = {
  hello: helloMessage,
  join: joinMessage,
  ready: readyMessage,
  contribution: contributionMessage,
  chunk: chunkMessage,
  answered: answeredMessage,
  scores: scoresMessage,
  leave: leaveMessage,
} as const;

/** What a coordinator may say. */
export const coordinatorEvents = {
  trunk: trunkMessage,
  chunk: chunkMessage,
  round: roundMessage,
  credit: creditMessage,
  evaluate: evaluateMessage,
  rewind: rewindMessage,
  status: statusMessage,
  finished: finishedMessage,
} as const;

export type ClientEvent = keyof typeof clientEvents;
export type CoordinatorEvent = keyof typeof coordinatorEvents;
export type ClientMessage<E extends ClientEvent> = z.infer<(typeof clientEvents)[E]>;
export type CoordinatorMessage<E extends CoordinatorEvent> = z.infer<(typeof coordinatorEvents)[E]>;

/** What an acknowledgement carries, of events whose acknowledgement carries something. */
export interface Answers {
  hello: Welcome;
  join: Joined;
  contribution: MissingMessage;
  trunk: MissingMessage;
}
type AnswerOf<E extends string> = E extends keyof Answers ? Answers[E] : Record<string, never>;

const answers: Readonly<Record<keyof Answers, z.ZodType>> = {
  hello: welcomeMessage,
  join: joinedMessage,
  contribution: missingMessage,
  trunk: missingMessage,
};
/** The form that the reply to `event` must have. */
export const replyTo = (event: string): z.ZodType<Reply<unknown>> =>
  (replies[event] ??= replyOf(Object.hasOwn(answers, event) ? answers[event as keyof Answers] : nothing));
const replies: Record<string, z.ZodType<Reply<unknown>>> = {};
type Acknowledge<T> = (reply: Reply<T>) => void;

/** socket.io's event map, client → coordinator. */
export type ClientToCoordinator = {
  [E in ClientEvent]: E extends 'chunk'
    ? (message: ClientMessage<E>, bytes: Uint8Array, acknowledge: Acknowledge<AnswerOf<E>>) => void
    : (message: ClientMessage<E>, acknowledge: Acknowledge<AnswerOf<E>>) => void;
};

/** socket.io's event map, coordinator → client. Requests are acknowledged; `refused` is the last word before the connection ends. */
export type CoordinatorToClient = {
  [E in CoordinatorEvent]: E extends 'chunk'
    ? (message: CoordinatorMessage<E>, bytes: Uint8Array, acknowledge: Acknowledge<AnswerOf<E>>) => void
    : (message: CoordinatorMessage<E>, acknowledge: Acknowledge<AnswerOf<E>>) => void;
} & { refused: (report: ErrorReport) => void };

/** Header names of the handshake: read before the connection is upgraded, when nothing has been allocated yet. */
export const handshake = {
  protocol: 'x-trunkline-protocol',
  client: 'x-trunkline-client',
  authorization: 'authorization',
  /** The client's public key, the challenge that it answers, and its signature of `knockText`. */
  key: 'x-trunkline-key',
  nonce: 'x-trunkline-nonce',
  signature: 'x-trunkline-signature',
} as const;
