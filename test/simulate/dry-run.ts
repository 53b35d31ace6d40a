import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Checked } from '@trunkline/client';
import { planRun, startCoordinator } from '@trunkline/coordinator';
import { bytesText, durationText, fail, fromReport, type Envelope } from '@trunkline/protocol';
import { ROOT } from './child.ts';
import type { Job } from './job.ts';
import { align } from './table.ts';

/** A client that reads a large data set may take its time; one that takes longer than this is stuck. */
const LIMIT_MS = 600_000;

/** `data` of `simulate --dry-run --format json`: what a run would cost. */
export interface DryRun {
  readonly run: string;
  readonly rounds: number;
  readonly parameters: number;
  /** All clients together, at the most. */
  readonly bytes: { readonly up: number; readonly down: number };
  /** At the least: the slowest client's training alone. */
  readonly seconds: number;
  /** All clients together, which run at the same time. */
  readonly memoryBytes: number;
  /** The coordinator's: what this process took at the most while it held one, and all answers of a round at once. */
  readonly coordinatorBytes: number;
  readonly clients: readonly Checked[];
}

/** Checks every client of a run against a coordinator that never begins, one after the other; nothing is trained and nothing stays. */
export async function dryRun(job: Job, deps: { say: (text: string) => void; signal: AbortSignal }): Promise<DryRun> {
  const temporary = mkdtempSync(join(tmpdir(), 'trunkline-dry-'));
  const coordinator = await startCoordinator(job.config, { folder: join(temporary, 'run') });
  try {
    const clients: Checked[] = [];
    for (const { file, config } of job.clients) {
      deps.say(`checking ${config.client}`);
      const args = [
        'check',
        coordinator.url,
        file,
        '--threads',
        String(job.threads),
        '--state',
        join(temporary, 'state'),
      ];
      clients.push(await check(args, config.client, deps.signal));
    }
    const sum = (of: (client: Checked) => number) => clients.reduce((total, client) => total + of(client), 0);
    return {
      run: job.config.run,
      rounds: job.config.rounds,
      parameters: clients[0]!.parameters,
      bytes: { up: sum(({ bytes }) => bytes.up), down: sum(({ bytes }) => bytes.down) },
      memoryBytes: sum((client) => client.memoryBytes),
      // In KiB. A coordinator adds answers as they come, but may have to hold all of them for one that is late.
      coordinatorBytes: process.resourceUsage().maxRSS * 1024 + sum((client) => answerBytes(job, client)),
      seconds: Math.max(...clients.map(({ trainingSeconds }) => trainingSeconds)),
      clients,
    };
  } finally {
    await coordinator.close();
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** What a client sends in a round at the most: in one that is probed, a row a task beside the sum. */
function answerBytes(job: Job, { bytes, parameters, tasks }: Checked): number {
  const probed = job.config.probeEvery > 0 && planRun(job.config).exchange === 'sum';
  return bytes.upRound + (probed ? tasks.length * parameters * 4 : 0);
}

/** In a process of its own, as joining would be. */
function check(args: readonly string[], client: string, signal: AbortSignal): Promise<Checked> {
  const command = [join(ROOT, 'apps/client/dist/main.js'), ...args, '--format', 'json'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, { signal, timeout: LIMIT_MS }, (error, stdout, stderr) => {
      const envelope = envelopeOf(stdout);
      if (envelope?.status === 'ok') resolve(envelope.data);
      else if (envelope) reject(fromReport(envelope.error));
      else {
        const reason = stderr.trim().split('\n').at(-1) || 'it said nothing.';
        const remedy = 'Run `npm run client -- check` for it by hand.';
        reject(fail('CLIENT_FAILED', { client, how: error?.signal ?? 'early', reason, remedy }, error));
      }
    });
  });
}

function envelopeOf(stdout: string): Envelope<Checked> | undefined {
  try {
    return JSON.parse(stdout) as Envelope<Checked>;
  } catch {
    return undefined;
  }
}

/** The table of a dry run. */
export function dryRunTable(made: DryRun): string {
  const { run, rounds, parameters, bytes, seconds, memoryBytes, coordinatorBytes, clients } = made;
  const head = [
    'client',
    'tasks',
    'labelled',
    'up a round',
    'down a round',
    'up in all',
    'down in all',
    'step',
    'training',
    'memory',
  ];
  const rows = clients.map(({ client, tasks, bytes: of, stepMs, trainingSeconds, memoryBytes: held }) => [
    client,
    tasks.map(({ task }) => task).join(','),
    String(tasks.reduce((sum, { labelled }) => sum + labelled, 0)),
    bytesText(of.upRound),
    bytesText(of.downRound),
    bytesText(of.up),
    bytesText(of.down),
    durationText(stepMs),
    durationText(trainingSeconds * 1000),
    bytesText(held),
  ]);
  return `${align([head, ...rows])}

run ${run}: ${rounds} rounds of a trunk of ${parameters} values; at the most ${bytesText(bytes.up)} up and ${bytesText(bytes.down)} down,
at the least ${durationText(seconds * 1000)} (steps timed one client at a time; waiting, transfers and scores come on top); ${bytesText(memoryBytes)} of memory for the clients together,
${bytesText(coordinatorBytes)} for the coordinator. Nothing was trained.
`;
}
