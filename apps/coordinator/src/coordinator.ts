import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fail, systemClock, toTrunklineError, type Clock } from '@trunkline/protocol';
import { fileDisk } from '@trunkline/model/disk';
import type { Disk } from '@trunkline/model/store';
import type { RunConfig } from './config.ts';
import { openControl, type ControlSocket } from './control-socket.ts';
import { createCore } from './core.ts';
import type { Outcome } from './core-contract.ts';
import { openDashboard } from './dashboard/open-dashboard.ts';
import { openLookers } from './dashboard-token.ts';
import { openDoorkeeper } from './door/doorkeeper.ts';
import { certificateFor, isLoopback, urlOf, writeListening } from './door/listening.ts';
import { figurePages } from './figure-pages.ts';
import { openGateway } from './gateway.ts';
import { createHttp } from './http.ts';
import type { OperatorView } from './operator-view.ts';
import { openRecord } from './journal/open-record.ts';
import { lockFolder } from './lock.ts';
import { openRun, type OpenedRun } from './open-run.ts';
import { planRun } from './plan.ts';
import { writeResult } from './result.ts';
import { makeRunFolder, removeUnstarted, writeManifest } from './run-folder.ts';
import type { RunEvent, Sink } from './run-events.ts';
import { jsonlSink } from './sinks/jsonl.ts';
import { openOutput, systemOutput, type OutputDeps } from './sinks/output.ts';
import { cutTornLine } from './torn-line.ts';
import { createSurface, type Surface } from './surface.ts';

export interface CoordinatorDeps {
  readonly clock?: Clock;
  /** Hears of everything that happens, beside `events.jsonl`. */
  readonly sinks?: readonly Sink[];
  /** What the key `output` of the run file needs of its surroundings. */
  readonly output?: Pick<OutputDeps, 'env' | 'fetch' | 'say'>;
  readonly folder: string;
  /** A run that lies in the folder goes on; default: it is refused. */
  readonly resume?: boolean;
  /** false: nothing is kept that a run could go on from. Default: true. */
  readonly durable?: boolean;
  readonly disk?: Disk;
  /** Name of a new run among all of the same id; default: by chance. */
  readonly birth?: () => string;
  /** Listen off loopback without TLS and invitations. */
  readonly insecure?: boolean;
  /** TLS with a certificate of one's own, which clients are given as `--ca`. */
  readonly devCertificate?: boolean;
  /** Keys and challenges come from it; default: the system's. */
  readonly randomBytes?: (count: number) => Uint8Array;
}

export interface Coordinator {
  readonly url: string;
  readonly folder: string;
  /** How the run ended; never rejects. */
  readonly done: Promise<Outcome>;
  pause(): void;
  resume(): void;
  rewind(round: number): void;
  status(): ReturnType<ReturnType<typeof createCore>['status']>;
  /** What an operator should know. */
  view(): OperatorView;
  /** Follows what happens from now on; what happened before lies in `events.jsonl`. Returns how to stop. */
  follow: Surface['follow'];
  /** Breaks every connection, as a network would; clients come back by themselves. */
  dropLines(): void;
  /** Ends the run if it goes on, then closes everything; of a run that never began nothing stays. */
  close(): Promise<void>;
}

/**
 * Starts a coordinator: checks the configuration, makes the run folder or goes on from it, opens the door.
 * @throws before anything is started: CONFIG_*, LAYER_*, STRATEGY_*, EXPECT_MISSING, LISTEN_NOT_LOOPBACK, PORT_IN_USE, RUN_LOCKED, and
 *   what `openRun` throws
 */
export async function startCoordinator(config: RunConfig, deps: CoordinatorDeps): Promise<Coordinator> {
  const { folder, clock = systemClock, disk = fileDisk() } = deps;
  if (!config.expect) throw fail('EXPECT_MISSING', { at: config.source.at([]) });
  if (!deps.insecure && !deps.devCertificate && !config.listen.tls && !isLoopback(config.listen.host))
    throw fail('LISTEN_NOT_LOOPBACK', { at: config.source.at(['listen', 'host']), host: config.listen.host });
  // Refused before anything is made where it can be.
  planRun(config);
  makeRunFolder(disk, folder);
  const lock = await lockFolder(folder);
  const opened = await letGoOnError(lock.release, () => {
    const { resume = false, durable = true, birth = randomUUID } = deps;
    return openRun(config, { disk, folder, resume, durable, birth });
  });
  return letGoOnError(
    async () => {
      if (!opened.from) removeUnstarted(disk, folder);
      await lock.release();
    },
    () => openDoor(opened, { ...deps, clock, disk, release: lock.release }),
  );
}

interface DoorDeps extends CoordinatorDeps {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly release: () => Promise<void>;
}

async function openDoor(opened: OpenedRun, deps: DoorDeps): Promise<Coordinator> {
  const { plan, ledger, from } = opened;
  const { folder, clock, disk } = deps;
  const { config } = plan;
  const { insecure = false, devCertificate: dev = false } = deps;
  const certificate = certificateFor(config, { folder, dev, insecure, now: clock.date() });
  const keeper = openDoorkeeper({
    folder,
    run: config.run,
    clock,
    random: deps.randomBytes ?? randomBytes,
    invitations: config.listen.invitations ?? (!insecure && !isLoopback(config.listen.host)),
    refused: (client, error) => core.emit({ event: 'refused', client, message: 'admission', error: error.report() }),
    failed: (error) => core.fail(error),
  });
  const http = createHttp({ certificate, challenge: keeper.challenge });
  const port = await letGoOnError(
    async () => keeper.close(from === undefined),
    () =>
      http.listen({
        ...config.listen,
        port: portOf(config, ledger.port),
        at: (key) => config.source.at(['listen', key]),
      }),
  );
  let journal: ReturnType<typeof jsonlSink>;
  let cut: number;
  let output: ReturnType<typeof openOutput>;
  const events = join(folder, 'events.jsonl');
  try {
    ledger.listened(port);
    cut = cutTornLine(disk, events);
    journal = jsonlSink(events, config.record.eventsMb * 1e6);
    output = openOutput(config, { ...(deps.output ?? systemOutput), folder, begun: clock.date() });
  } catch (error) {
    await http.close();
    keeper.close(from === undefined);
    throw error;
  }
  let started = from !== undefined;
  const surface = createSurface(plan, clock, certificate?.ca ?? null);
  const lookers = openLookers(folder, {
    loopback: isLoopback(config.listen.host),
    random: deps.randomBytes ?? randomBytes,
  });
  const dashboard = openDashboard({
    ...{ folder, lookers },
    route: (path, answer) => http.route(path, answer),
    letIn: (socket) => http.letIn(socket),
    view: () => surface.view(core),
  });
  const sinks = [journal.sink, surface.sink, dashboard.sink, ...output.sinks, ...(deps.sinks ?? [])];
  const emit = (event: RunEvent) => {
    started ||= event.event === 'checkpoint' || event.event === 'round';
    const at = clock.date();
    const whole = surface.withTraffic(event);
    for (const sink of sinks) sink(whole, at);
  };
  const record = openRecord(opened, { disk, folder, failed: (error) => core.fail(error) });
  const core = createCore(plan, {
    clock,
    record,
    emit,
    checkpoints: opened.checkpoints,
    ledger,
    from,
    keepResult: (result) => writeResult(disk, folder, result),
    traffic: http.traffic,
    manifest: (machines) => writeManifest(disk, folder, plan, machines),
  });
  const gateway = openGateway(http.server, {
    async admit(knock, line) {
      try {
        const admitted = await keeper.admit(knock, line);
        http.letIn(line);
        http.countIn(line);
        return admitted;
      } catch (thrown) {
        surface.turnedAway(knock.client, toTrunklineError(thrown));
        throw thrown;
      }
    },
    closed: keeper.closed,
    opened: surface.opened,
    connected: (connection, admitted) =>
      keeper.connected(connection, admitted, surface.heard(connection, core.connected(surface.watched(connection)))),
    disconnected: (client, reason) => core.disconnected(client, reason),
    refused: (client, message, error) => core.emit({ event: 'refused', client, message, error: error.report() }),
  });
  const { ready, metrics } = figurePages(() => surface.view(core), lookers);
  http.route('/ready', ready);
  http.route('/metrics', metrics);
  const url = urlOf(config.listen.host, port, certificate !== undefined);
  writeListening(folder, { url, ca: certificate?.ca ?? null });
  let control: ControlSocket;
  try {
    control = await openControl(folder, (request) => surface.answer(core, request));
  } catch (error) {
    await gateway.close();
    await http.close();
    keeper.close(from === undefined);
    journal.close();
    await output.close();
    throw error;
  }
  emit({ event: 'listening', run: config.run, url, dashboard: `${url}/dashboard/`, folder });
  if (plan.start && !from) {
    const { sha256, seeded, unused } = plan.start;
    emit({ event: 'started-from', file: config.trunk.from!.file, sha256, seeded: [...seeded], unused: [...unused] });
  }
  for (const damage of opened.damaged) emit({ event: 'damaged', ...damage });
  if (cut > 0) emit({ event: 'damaged', file: events, problem: `its torn last line (${cut} bytes) was cut` });
  core.begin();

  /** The disk may be what failed: whoever else listens is told all the same. */
  const sayAnyway = (event: RunEvent) => {
    const at = clock.date();
    for (const sink of sinks) {
      try {
        sink(event, at);
      } catch {
        // What cannot be written is on the screen, and in the exit code.
      }
    }
  };
  const done = core.done.then((outcome) => {
    if (outcome.kind === 'failed') sayAnyway({ event: 'error', ...outcome.error.report() });
    return outcome;
  });
  let closing: Promise<void> | undefined;
  const close = async () => {
    core.stop();
    await done;
    dashboard.close();
    await gateway.close();
    await http.close();
    keeper.close(!started);
    journal.close();
    await record?.journal.close();
    await output.close();
    await control.close();
    // From the first round on there is something to go on with.
    if (!started) removeUnstarted(disk, folder);
    await deps.release();
  };
  return {
    url,
    folder,
    done,
    pause: () => core.pause(),
    resume: () => core.resume(),
    rewind: (round) => core.rewind(round),
    status: () => core.status(),
    view: () => surface.view(core),
    follow: surface.follow,
    dropLines: () => http.dropLines(),
    close: () => (closing ??= close()),
  };
}

/** What was opened before is let go of when the next step fails. */
async function letGoOnError<T>(letGo: () => Promise<void>, next: () => T | Promise<T>): Promise<T> {
  try {
    return await next();
  } catch (error) {
    await letGo();
    throw error;
  }
}

/** A port that was asked for, or else the one that clients know from before; 0: any free one. */
function portOf({ listen, source }: RunConfig, before: number | null): number {
  const asked = listen.port !== 0 || source.overrides.some((text) => text.startsWith('listen.port='));
  return asked ? listen.port : (before ?? 0);
}
