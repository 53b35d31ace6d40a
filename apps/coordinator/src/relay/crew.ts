import type { Clock, Join, Welcome } from '@trunkline/protocol';
import type { Trunk } from '@trunkline/model/trunk';
import { createDelivery, type Delivery, type Undelivered } from '../delivery.ts';
import { createMembers, type Member, type Members } from '../members.ts';
import { missingTasks } from '../awaited.ts';
import { byCodeUnits } from '../by-code-units.ts';
import type { Standing } from '../round-events.ts';
import { mergedMachine, mergedOffers, type Brought } from './merged.ts';
import { standingOf, type Placed } from './standing.ts';

/** A relay's clients: who they are, what they bring, where their heads stand, and the trunk that is handed to them. */
export interface Crew {
  readonly members: Members;
  readonly delivery: Delivery;
  /** Client order. */
  readonly names: () => string[];
  readonly brought: () => Brought[];
  /** Tasks of `expect` that no connected client brings. */
  readonly missing: () => string[];
  readonly place: (client: string) => Placed | undefined;
  move(client: string, to: Placed): void;
  remove(client: string): void;
  /** What the relay says of them as one client. */
  readonly join: () => Join;
  /** λ of the round, which the shares of its clients are taken of. */
  weigh(lambda: Readonly<Record<string, number>>): void;
  /** The trunk that goes out from now on. */
  carry(version: number, theta: Float32Array): void;
  readonly version: number;
  /** The round that is open, or was last, and its attempt. */
  readonly at: Standing;
  reached(at: Standing): void;
  /** Number of ways back so far: what was begun under another number is not wanted any more. */
  readonly turn: number;
  turned(): void;
  tell(member: Member, send: Parameters<Delivery['tell']>[1]): Promise<void>;
}

export interface CrewDeps {
  readonly welcome: Welcome;
  readonly trunk: Trunk;
  readonly expect: readonly string[];
  readonly clock: Clock;
  readonly undelivered: Undelivered;
}

export function createCrew({ trunk, expect, undelivered }: CrewDeps): Crew {
  let weights: Readonly<Record<string, number>> = {};
  let turn = 0;
  let at: Standing = { round: 0, attempt: 0 };
  let theta = new Float32Array(0);
  let version = -1;
  const places = new Map<string, Placed>();
  const members = createMembers({
    welcome: expect,
    get weights() {
      return weights;
    },
    bySamples: false,
    trunkInput: trunk.inputShape,
  });
  const carried = {
    get version() {
      return version;
    },
    get theta() {
      return theta;
    },
    control: null,
  };
  const delivery = createDelivery(carried, undelivered);
  const names = () => [...members.all.keys()].sort(byCodeUnits);
  const brought = () => names().map((client) => ({ client, offers: members.all.get(client)!.offers }));
  return {
    members,
    delivery,
    names,
    brought,
    missing() {
      const seats = [...members.all].map(([client, { offers, connection }]) => [
        client,
        { tasks: offers.map(({ id }) => id), connected: connection !== null },
      ]);
      return missingTasks({ expect }, { seats: new Map(seats as [string, { tasks: string[]; connected: boolean }][]) });
    },
    place: (client) => places.get(client),
    move: (client, to) => void places.set(client, to),
    remove(client) {
      members.remove(client);
      places.delete(client);
    },
    join() {
      const machines = names().map((client) => [client, members.all.get(client)!.machine!] as const);
      return {
        tasks: mergedOffers(brought()),
        machine: mergedMachine(new Map(machines)),
        ...standingOf(names().flatMap((client) => places.get(client) ?? [])),
      };
    },
    weigh: (lambda) => void (weights = lambda),
    carry(next, values) {
      version = next;
      theta = values as Float32Array<ArrayBuffer>;
    },
    get version() {
      return version;
    },
    get at() {
      return at;
    },
    reached: (to) => void (at = to),
    get turn() {
      return turn;
    },
    turned: () => void turn++,
    tell: (member, send) => delivery.tell(member.connection, send),
  };
}
