import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { fail, systemClock, toTrunklineError } from '@trunkline/protocol';
import { openLink, routeTo } from '@trunkline/protocol/line';
import { openKeyFile } from '@trunkline/protocol/seal';
import { fileDisk } from '@trunkline/model/disk';
import { openDoorkeeper } from '../door/doorkeeper.ts';
import { certificateFor, isLoopback, urlOf, writeListening } from '../door/listening.ts';
import { openGateway } from '../gateway.ts';
import { createHttp, type Http } from '../http.ts';
import { lockFolder } from '../lock.ts';
import type { RunEvent, Sink } from '../run-events.ts';
import { makeRunFolder } from '../run-folder.ts';
import { jsonlSink } from '../sinks/jsonl.ts';
import { cutTornLine } from '../torn-line.ts';
import type { RelayConfig } from './config.ts';
import { createRelay, type RelayCore, type RelayOutcome } from './relay-core.ts';
import { openRelayFolder, upstreamKey } from './relay-folder.ts';

export interface RelayDeps {
  /** Where the coordinator, or another relay, listens. */
  readonly url: string;
  readonly token?: string | undefined;
  /** A file of certificates to trust in place of the system's. */
  readonly ca?: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
  /** Hears of everything that happens, beside `events.jsonl`. @param rounds of the run */
  readonly sinks: (rounds: number) => readonly Sink[];
  readonly insecure: boolean;
  readonly devCertificate: boolean;
  /** Ends the search for the coordinator. */
  readonly signal: AbortSignal;
}

export interface Relay {
  /** How it ended; never rejects. */
  readonly done: Promise<RelayOutcome>;
  close(): Promise<void>;
}

/** Rejects once the signal comes. */
async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}

/** How long the coordinator is looked for at the start, and after a broken line. */
const [FIRST_MS, LATER_MS] = [60_000, 3_600_000];
/** As a coordinator's by default. */
const EVENTS_BYTES = 256e6;

/**
 * Starts a relay: finds its coordinator, hears which run it is, then opens its own door. Started again on its folder it goes on.
 * @throws the signal's reason; before anything is connected: LISTEN_NOT_LOOPBACK, RUN_LOCKED, KEY_BROKEN, CERTIFICATE_BROKEN, FOLDER_FORMAT, STORAGE_FAILED
 */
export async function startRelay(config: RelayConfig, deps: RelayDeps): Promise<Relay> {
  const { folder, insecure, devCertificate: dev } = deps;
  const disk = fileDisk();
  const clock = systemClock;
  if (!insecure && !dev && !config.listen.tls && !isLoopback(config.listen.host))
    throw fail('LISTEN_NOT_LOOPBACK', { at: config.source.at(['listen', 'host']), host: config.listen.host });
  const route = routeTo(deps.url, { ca: deps.ca, environment: deps.environment });
  makeRunFolder(disk, folder);
  const lock = await lockFolder(folder);
  /** What is open, closed in the opposite order. */
  const opened: (() => unknown)[] = [lock.release];
  const closeAll = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const certificate = certificateFor(config, { folder, dev, insecure, now: clock.date() });
    const place = openRelayFolder(disk, folder);
    const identity = openKeyFile(upstreamKey(folder), () => randomBytes(32));
    const events = join(folder, 'events.jsonl');
    const cut = cutTornLine(disk, events);
    const journal = jsonlSink(events, EVENTS_BYTES);
    opened.push(journal.close);
    let sinks: readonly Sink[] = [journal.sink];
    /** Once the door is open. */
    const under: { http?: Http } = {};
    const { url, token } = deps;
    const core: RelayCore = createRelay(config, {
      clock,
      link: (line, again) =>
        openLink(
          {
            ...{ url, token, client: config.relay, identity, route, random: Math.random },
            ...{ firstMs: again ? LATER_MS : FIRST_MS, laterMs: LATER_MS },
            restarted: again || place.port !== null,
          },
          line,
        ),
      emit(event: RunEvent) {
        const at = clock.date();
        for (const sink of sinks) sink(event, at);
      },
      traffic: () => under.http?.traffic() ?? { up: 0, down: 0 },
      dropLines: () => under.http?.dropLines(),
    });
    opened.push(() => core.stop());
    const { run, rounds } = await Promise.race([core.welcome, aborted(deps.signal)]);
    sinks = [journal.sink, ...deps.sinks(rounds)];
    const keeper = openDoorkeeper({
      ...{ folder, run, clock, random: randomBytes },
      invitations: config.listen.invitations ?? (!insecure && !isLoopback(config.listen.host)),
      refused: (client, error) => core.emit({ event: 'refused', client, message: 'admission', error: error.report() }),
      failed: (error) => core.fail(error),
    });
    opened.push(() => keeper.close(false));
    const door = createHttp({ certificate, challenge: keeper.challenge });
    under.http = door;
    const { host, port: asked } = config.listen;
    const at = (key: string) => config.source.at(['listen', key]);
    const port = await door.listen({ host, port: asked === 0 ? (place.port ?? 0) : asked, at });
    opened.push(() => door.close());
    place.listened(port);
    const gateway = openGateway(door.server, {
      async admit(knock, line) {
        const admitted = await keeper.admit(knock, line);
        door.letIn(line);
        door.countIn(line);
        return admitted;
      },
      closed: keeper.closed,
      connected: (connection, admitted) => keeper.connected(connection, admitted, core.connected(connection)),
      disconnected: (client, reason) => core.disconnected(client, reason),
      refused: (client, message, error) =>
        core.emit({ event: 'refused', client, message, error: toTrunklineError(error).report() }),
    });
    opened.push(() => gateway.close());
    const address = urlOf(host, port, certificate !== undefined);
    writeListening(folder, { url: address, ca: certificate?.ca ?? null });
    core.emit({ event: 'listening', run, url: address, dashboard: null, folder });
    if (cut > 0) core.emit({ event: 'damaged', file: events, problem: `its torn last line (${cut} bytes) was cut` });
    core.begin();
    return { done: core.done, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
