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
}

export interface SlowLinkReport {
  readonly seconds: number;
  /** Bytes that passed towards the coordinator. */
  readonly up: number;
  /** How often the coordinator saw the client go. */
  readonly left: number;
  readonly refused: readonly RunEvent[];
  readonly client: readonly ThinEvent[];
}

/** One round of a run whose only client sits behind a slow link. */
export async function overSlowLink({ parameters, conditions, breakAt }: SlowLink): Promise<SlowLinkReport> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-slow-'));
  const heard: RunEvent[] = [];
  try {
    writeFileSync(join(folder, 'run.yaml'), thinRunFile({ parameters, tasks: ['far'], rounds: 1 }));
    const coordinator = await startCoordinator(readRun(join(folder, 'run.yaml'), []), {
      folder: join(folder, 'run'),
      sinks: [(event) => heard.push(event)],
    });
    let broken = false;
    const proxy = await openProxy(coordinator.url, () => {
      if (broken || breakAt === undefined || proxy.passed.up < breakAt) return;
      broken = true;
      proxy.drop('reset');
    });
    const gradient = Float32Array.from({ length: parameters }, (_, i) => Math.sin(i));
    const client = openThinClient({
      ...{ url: proxy.url, client: 'far', task: 'far', input: THIN_INPUT },
      gradient: () => gradient,
    });
    // The trunk comes fast: it is the way up that is measured.
    proxy.set(conditions, 'up');
    const begun = performance.now();
    try {
      await client.done;
      const { up } = proxy.passed;
      const left = heard.filter(({ event }) => event === 'left').length;
      const refused = heard.filter(({ event }) => event === 'refused');
      return { seconds: (performance.now() - begun) / 1000, up, left, refused, client: client.events };
    } finally {
      client.close();
      await proxy.close();
      await coordinator.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
