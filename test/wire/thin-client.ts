import { createCredit, openLink, type Inbox } from '@trunkline/protocol/line';
import {
  bytesOf,
  contributionTransfer,
  grainCount,
  isLineBroken,
  sendChunks,
  sha256,
  sizeOf,
  type ContributionMessage,
  type FinishedMessage,
} from '@trunkline/protocol';
import { identityFromSeed, type Identity } from '@trunkline/protocol/seal';

export interface ThinClientOptions {
  readonly url: string;
  readonly client: string;
  readonly task: string;
  /** The trunk's input shape. */
  readonly input: readonly number[];
  /** What it answers a round with. */
  readonly gradient: (round: number) => Float32Array;
  /** The task may be served by others too. */
  readonly replica?: boolean;
  /** Held up before each answer. */
  readonly delay?: (round: number) => Promise<void>;
  /** Keeps trunks as a client does; left out: their bytes are counted, and each begins anew. */
  readonly inbox?: Inbox;
  /** How it writes its gradients, and what it says that it can read and write; left out: float32 only. */
  readonly codec?: { readonly capabilities: readonly string[]; readonly write: (values: Float32Array) => Written };
}

type Written = Pick<ContributionMessage, 'encoding'> & { readonly bytes: Uint8Array };
const asTheyAre = (values: Float32Array): Written => ({ bytes: bytesOf(values), encoding: 'f32' });

/** A client that speaks the protocol over a real socket and trains nothing: its gradients are what the test says. */
export interface ThinClient {
  /** Resolves when the run is over, rejects when this client is refused or its line is given up. */
  readonly done: Promise<FinishedMessage>;
  /** Resolves when it has its seat for the first time; rejects as `done` does. */
  readonly joined: Promise<void>;
  readonly events: readonly ThinEvent[];
  close(): void;
}

export interface ThinEvent {
  readonly at: number;
  readonly what: 'joined' | 'trunk' | 'round' | 'ready' | 'sent' | 'lost';
  readonly detail: string | number;
}

/** The key of a client of this name; the same name has the same key in every process. */
export const identityOf = (client: string): Identity => identityFromSeed(Buffer.from(sha256(client).slice(0, 32)));

export const offerOf = (task: string, input: readonly number[]) => ({
  id: task,
  replica: false,
  head: 'binary',
  output: [...input],
  labelled: 8,
  metrics: [{ name: 'accuracy', better: 'higher' as const }],
});
export const machine = { backend: 'none', library: 'none', device: 'cpu', threads: 1, instructions: 'none' };

const grainsIn = (missing: readonly (readonly [number, number])[]): number =>
  missing.reduce((sum, [from, until]) => sum + until - from, 0);

export function openThinClient(options: ThinClientOptions): ThinClient {
  const { url, client, task, input, gradient, replica = false, delay, inbox, codec } = options;
  const events: ThinEvent[] = [];
  const tell = (what: ThinEvent['what'], detail: string | number) =>
    void events.push({ at: performance.now(), what, detail });
  /** Resolves when the trunk that was announced last has arrived. */
  let trunk = { left: 0, arrived: Promise.resolve(), arrive: () => undefined as void };
  let underWay: string | undefined;
  let settle: { resolve: (message: FinishedMessage) => void; reject: (error: unknown) => void };
  const done = new Promise<FinishedMessage>((resolve, reject) => (settle = { resolve, reject }));
  done.catch(() => undefined);
  let seated: () => void = () => undefined;
  const joined = Promise.race([new Promise<void>((resolve) => (seated = resolve)), done.then(() => undefined)]);
  joined.catch(() => undefined);
  const credit = createCredit();
  const kept = new Map<string, { message: ContributionMessage; bytes: Uint8Array; begun: boolean }>();

  const contributionOf = (round: number, attempt: number, version: number) => {
    const id = `${round}/${attempt}`;
    const known = kept.get(id);
    if (known) return known;
    kept.clear();
    const { bytes, encoding } = (codec?.write ?? asTheyAre)(gradient(round));
    const message: ContributionMessage = {
      ...{ round, attempt, version, kind: 'sum', tasks: [task], encoding },
      ...{ bytes: bytes.byteLength, sha256: sha256(bytes) },
    };
    const made = { message, bytes, begun: false };
    kept.set(id, made);
    return made;
  };
  const answer = async ({ round, attempt, version }: { round: number; attempt: number; version: number }) => {
    // It is not read here: the next trunk may be written over it.
    if (inbox) (await inbox.trunk(version, attempt)).done();
    else await trunk.arrived;
    await delay?.(round);
    const contribution = contributionOf(round, attempt, version);
    const { message, bytes } = contribution;
    const transfer = contributionTransfer(message);
    await credit.use(() => {
      tell('ready', round);
      return link.request('ready', { round, attempt });
    });
    const announced = await link.request('contribution', message);
    const again = contribution.begun;
    contribution.begun = true;
    if (again) tell('sent', `again ${grainsIn(announced.missing)} grains`);
    const { pace } = link;
    await sendChunks(bytes, (index, chunk) => link.chunk({ transfer, index }, chunk), {
      ...{ missing: announced.missing, pace },
    });
    const losses = [{ task, loss: 1, labelled: 8 }];
    const timing = { waitMs: 0, stepMs: 0, sendMs: 0 };
    await link.request('answered', { round, attempt, version, losses, contributions: 1, timing });
    tell('sent', round);
  };
  const enter = async () => {
    try {
      await link.request('hello', { capabilities: [...(codec?.capabilities ?? [])] });
      inbox?.reset();
      const { round } = await link.request('join', { tasks: [{ ...offerOf(task, input), replica }], machine });
      seated();
      tell('joined', round);
    } catch (error) {
      if (!isLineBroken(error)) settle.reject(error);
    }
  };
  const link = openLink(
    { url, client, identity: identityOf(client), route: {}, random: () => 0.5, firstMs: 30_000, laterMs: 60_000 },
    {
      handlers: {
        trunk(message) {
          const { bytes } = message;
          if (inbox) {
            const found = inbox.announce(message);
            tell('trunk', grainsIn(found.missing));
            return found;
          }
          let arrive: () => void = () => undefined;
          const arrived = new Promise<void>((resolve) => (arrive = resolve));
          trunk = { left: bytes, arrived, arrive };
          return { missing: [[0, grainCount(bytes)]] };
        },
        chunk(message, bytes) {
          if (inbox) return inbox.chunk(message, bytes);
          trunk.left -= sizeOf(bytes);
          if (trunk.left === 0) trunk.arrive();
        },
        round(message) {
          const id = `${message.round}/${message.attempt}`;
          tell('round', message.round);
          credit.set(message.credit);
          if (underWay === id) return;
          underWay = id;
          answer(message)
            .catch((error: unknown) => {
              if (!isLineBroken(error)) settle.reject(error);
            })
            .finally(() => {
              if (underWay === id) underWay = undefined;
            });
        },
        credit: ({ chunks }) => credit.add(chunks),
        evaluate({ version, attempt, split }) {
          const tasks = [{ task, metrics: { accuracy: 0.5 }, loss: 1 }];
          link.request('scores', { version, attempt, split, tasks, digests: {} }).catch(() => undefined);
        },
        rewind: () => undefined,
        status: () => undefined,
        finished(message) {
          settle.resolve(message);
        },
      },
      connected: () => void enter(),
      lost: (reason) => tell('lost', reason),
      failed: (error) => settle.reject(error),
    },
  );
  return { done, joined, events, close: () => link.close() };
}
