import { join } from 'node:path';
import { fail, PROTOCOL_VERSION, systemClock, type Clock, type TrunklineError } from '@trunkline/protocol';
import { fileCheckpoints } from './checkpoints.ts';
import type { RunConfig } from './config.ts';
import { openControl, type ControlSocket } from './control-socket.ts';
import { createCore, type Outcome } from './core.ts';
import { openGateway, type Knock } from './gateway.ts';
import { createHttp } from './http.ts';
import type { OperatorView } from './operator-view.ts';
import { planRun } from './plan.ts';
import { createRunFolder, removeUnstarted, writeConfig, writeManifest } from './run-folder.ts';
import type { RunEvent, Sink } from './run-events.ts';
import { jsonlSink } from './sinks/jsonl.ts';
import { createSurface, type Surface } from './surface.ts';

export interface CoordinatorDeps {
  readonly clock?: Clock;
  /** Hears of everything that happens, beside `events.jsonl`. */
  readonly sinks?: readonly Sink[];
  /** The run's folder; it must not exist. */
  readonly folder: string;
  /** Listen off loopback without TLS and invitations. */
  readonly insecure?: boolean;
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
 * Starts a coordinator: checks the configuration, makes the run folder, opens the door.
 * @throws before anything is started: CONFIG_*, LAYER_*, STRATEGY_*, EXPECT_MISSING, LISTEN_NOT_LOOPBACK, RUN_FOLDER_EXISTS, PORT_IN_USE
 */
export async function startCoordinator(config: RunConfig, deps: CoordinatorDeps): Promise<Coordinator> {
  const { folder, clock = systemClock } = deps;
  const plan = planRun(config);
  if (!config.expect) throw fail('EXPECT_MISSING', { at: config.source.at([]) });
  if (!deps.insecure && !isLoopback(config.listen.host))
    throw fail('LISTEN_NOT_LOOPBACK', { at: config.source.at(['listen', 'host']), host: config.listen.host });
  const http = createHttp();
  const port = await http.listen({ ...config.listen, at: (key) => config.source.at(['listen', key]) });
  let journal: ReturnType<typeof jsonlSink>;
  try {
    createRunFolder(folder);
    writeConfig(folder, plan);
    journal = jsonlSink(join(folder, 'events.jsonl'));
  } catch (error) {
    await http.close();
    throw error;
  }
  let started = false;
  const surface = createSurface(plan, clock);
  const emit = (event: RunEvent) => {
    started ||= event.event === 'checkpoint' || event.event === 'round';
    const at = clock.date();
    const whole = surface.withTraffic(event);
    for (const sink of [journal.sink, surface.sink, ...(deps.sinks ?? [])]) sink(whole, at);
  };
  const core = createCore(plan, {
    clock,
    emit,
    checkpoints: fileCheckpoints(folder),
    traffic: http.traffic,
    manifest: (machines) => writeManifest(folder, plan, machines),
  });
  const gateway = openGateway(http.server, {
    admit(knock) {
      const error = admit(knock, (client) => core.members.all.get(client)?.connection != null);
      if (error) surface.turnedAway(knock.client, error);
      return error;
    },
    opened: surface.opened,
    connected: (connection) => surface.heard(connection, core.connected(connection)),
    disconnected: (client, reason) => core.disconnected(client, reason),
    refused: (client, message, error) => emit({ event: 'refused', client, message, error: error.report() }),
  });
  const url = `http://${config.listen.host.includes(':') ? `[${config.listen.host}]` : config.listen.host}:${port}`;
  let control: ControlSocket;
  try {
    control = await openControl(folder, (request) => surface.answer(core, request));
  } catch (error) {
    await gateway.close();
    await http.close();
    journal.close();
    removeUnstarted(folder);
    throw error;
  }
  emit({ event: 'listening', run: config.run, url, dashboard: null, folder });
  core.begin();

  const done = core.done.then((outcome) => {
    if (outcome.kind === 'finished') emit({ event: 'finished', rounds: outcome.rounds, sha256: outcome.sha256 });
    if (outcome.kind === 'failed') emit({ event: 'error', ...outcome.error.report() });
    return outcome;
  });
  let closing: Promise<void> | undefined;
  const close = async () => {
    core.stop();
    await done;
    await gateway.close();
    await http.close();
    journal.close();
    await control.close();
    // From the first round on there is something to go on with.
    if (!started) removeUnstarted(folder);
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

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/** Who may come in at all, judged by the handshake's headers alone. */
function admit(knock: Knock, connected: (client: string) => boolean): TrunklineError | null {
  if (knock.protocol !== String(PROTOCOL_VERSION)) {
    return fail('PROTOCOL_VERSION', { found: knock.protocol?.slice(0, 16) ?? 'nothing', expected: PROTOCOL_VERSION });
  }
  if (!knock.client || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(knock.client) || knock.client.length > 64) {
    return fail('ADMISSION_REFUSED', { reason: 'it gave no valid client name.' });
  }
  return connected(knock.client) ? fail('CLIENT_DUPLICATE', { client: knock.client }) : null;
}
