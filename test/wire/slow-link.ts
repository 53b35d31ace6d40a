import { createInbox } from '@trunkline/protocol/line';
import { readRun, startCoordinator, type RunEvent } from '@trunkline/coordinator';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Conditions } from '../faults/paced-pipe.ts';
import { openProxy } from '../faults/proxy.ts';
import { THIN_INPUT, thinRunFile } from './measured-coordinator.ts';
import { openThinClient, type ThinEvent } from './thin-client.ts';

export interface SlowLink {
  readonly parameters: number;
  readonly conditions: Partial<Conditions>;
  /** Breaks the line once so many bytes of the upload have passed. */
  readonly breakAt?: number;
  /** The way of the first trunk is slow too, and breaks once so many bytes of it have passed. */
  readonly breakDownAt?: number;
}

export interface SlowLinkReport {
  readonly seconds: number;
  /** Bytes that passed towards the coordinator. */
  readonly up: number;
  /** Bytes that had passed towards the client when it held the first trunk. */
  readonly downToTrunk: number;
  /** How often the coordinator saw the client go. */
  readonly left: number;
  readonly refused: readonly RunEvent[];
  /** Trunks whose way to the client was cut short, each as often as it was. */
  readonly interrupted: readonly number[];
  readonly client: readonly ThinEvent[];
}

/** One round of a run whose only client sits behind a slow link. */
export async function overSlowLink({
  parameters,
  conditions,
  breakAt = Infinity,
  breakDownAt = Infinity,
}: SlowLink): Promise<SlowLinkReport> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-slow-'));
  const heard: RunEvent[] = [];
  try {
    writeFileSync(join(folder, 'run.yaml'), thinRunFile({ parameters, tasks: ['far'], rounds: 1 }));
    const coordinator = await startCoordinator(readRun(join(folder, 'run.yaml'), []), {
      folder: join(folder, 'run'),
      sinks: [(event) => heard.push(event)],
    });
    const due = { down: breakDownAt, up: breakAt };
    const proxy = await openProxy(coordinator.url, (_, direction) => {
      if (proxy.passed[direction] < due[direction]) return;
      due[direction] = Infinity;
      proxy.drop('reset');
      if (direction === 'down') proxy.set({ latencyMs: 0, bytesPerSecond: Infinity }, 'down');
    });
    let downToTrunk = 0;
    const inbox = createInbox(parameters);
    const slowedDown: typeof inbox = {
      ...inbox,
      announce(message) {
        // From here on: the proxy keeps no answer whose other end has closed.
        if (due.down < Infinity) proxy.set(conditions, 'down');
        return inbox.announce(message);
      },
    };
    const gradient = Float32Array.from({ length: parameters }, (_, i) => Math.sin(i));
    const client = openThinClient({
      ...{ url: proxy.url, client: 'far', task: 'far', input: THIN_INPUT },
      ...(breakDownAt < Infinity ? { inbox: slowedDown } : {}),
      gradient() {
        downToTrunk ||= proxy.passed.down;
        return gradient;
      },
    });
    // The trunk comes fast where it is the way up that is measured.
    proxy.set(conditions, 'up');
    const begun = performance.now();
    try {
      await client.done;
      const { up } = proxy.passed;
      const left = heard.filter(({ event }) => event === 'left').length;
      const refused = heard.filter(({ event }) => event === 'refused');
      const interrupted = heard.flatMap((one) => (one.event === 'interrupted' ? [one.version] : []));
      const seconds = (performance.now() - begun) / 1000;
      return { seconds, up, downToTrunk, left, refused, interrupted, client: client.events };
    } finally {
      client.close();
      await proxy.close();
      await coordinator.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
