import {
  converse,
  heldStates,
  openRunStates,
  runStateFolder,
  type ClientOutcome,
  type ConversationDeps,
} from '@trunkline/client';
import { decodeSnapshot } from '@trunkline/model/store';
import { contributionTransfer, type ContributionMessage } from '@trunkline/protocol';
import type { Storage } from './disk.ts';
import type { History } from './history.ts';
import { openLink } from './link.ts';
import type { Network } from './network.ts';
import { digestsOf } from './tiny-learner.ts';
import { simulatedTrainer } from './trainer.ts';
import type { Planted } from './planted.ts';
import type { Variant } from './variants.ts';
import type { Process, World } from './world.ts';

const FOLDER = 'state';

interface ClientDeps {
  readonly client: string;
  readonly network: Network;
  readonly storage: Storage;
  readonly planted: Planted | undefined;
  readonly history: History;
  /** A file could not be used. */
  readonly said: (file: string, problem: string) => void;
  /** The process ended by itself. `digests` are those of the heads that it keeps for use, where the run is over. */
  readonly ended: (outcome: ClientOutcome, digests: Record<string, string>) => void;
}

/** A client process over what lies on its disk: what `startClient` puts together, with a simulated line and trainer. */
export function startClient(world: World, { clients, plan }: Variant, deps: ClientDeps): Process {
  const { client, network, storage, history } = deps;
  const process = world.begin(client);
  const disk = storage.of(process);
  const held = heldStates(disk, FOLDER, client);
  const tasks = clients[client]!;
  const trainer = simulatedTrainer(world, {
    process,
    seed: plan.config.seed,
    tasks,
    forgetful: deps.planted === 'heads-not-put-back',
  });
  const folder = (run: string) => runStateFolder(FOLDER, run, client);
  const config = { client, device: 'cpu', tasks: tasks.map((id) => ({ id })) } as never;
  const { done } = converse(config, {
    url: 'http://coordinator',
    threads: 1,
    held,
    trainer,
    states: (label) =>
      openRunStates(disk, folder(label.run), {
        label,
        before: held.of(label.run)?.label,
        said: deps.said,
      }),
    clock: process.clock,
    link: noted(openLink(world, network, { client, process }), { client, history }),
    emit: () => undefined,
    agree: async () => true,
  });
  void done.then((outcome) => {
    const end = () => {
      const kept = outcome.kind === 'finished' ? disk.read(`${folder(plan.config.run)}/state.safetensors`) : null;
      network.died(process);
      process.kill();
      deps.ended(outcome, kept ? digestsOf(decodeSnapshot(kept, 'The end') as Parameters<typeof digestsOf>[0]) : {});
    };
    world.after(0, `${client} ends`, end, process);
  });
  return process;
}

/** Notes what a client sends, and what of it is acknowledged. */
const noted =
  (
    open: ConversationDeps['link'],
    { client, history }: Pick<ClientDeps, 'client' | 'history'>,
  ): ConversationDeps['link'] =>
  (deps) => {
    const link = open(deps);
    return {
      ...link,
      async request(event, message) {
        if (event === 'contribution') {
          const contribution = message as ContributionMessage;
          const { round, attempt, sha256 } = contribution;
          const part = contributionTransfer({ ...contribution, attempt: 0 });
          history.sent.push({ client, round, attempt, part, sha256 });
        }
        const reply = await link.request(event, message);
        if (event === 'answered') {
          const { round, attempt } = message as ContributionMessage;
          history.acknowledged.add(`${client}/${round}/${attempt}`);
        }
        return reply;
      },
    };
  };
