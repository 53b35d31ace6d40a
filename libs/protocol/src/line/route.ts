import { existsSync, readFileSync } from 'node:fs';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { fail, limits } from '../index.ts';

/** How a coordinator is reached. */
export interface Route {
  /** Certificates to trust in place of the system's, PEM. */
  readonly ca?: string | undefined;
  /** An HTTP proxy that carries the connection by CONNECT (RFC 9110 §9.3.6). */
  readonly proxy?: URL | undefined;
}

/**
 * The route to `url`: an own authority where the user names one, a proxy where `HTTPS_PROXY` (for http `HTTP_PROXY`; either in small
 * letters) asks for it and `NO_PROXY` does not except the host. This machine itself is never reached through a proxy.
 * @param ca a file of PEM certificates
 * @throws CERTIFICATE_BROKEN, USAGE for a proxy that is no http or https address
 */
export function routeTo(
  url: string,
  { ca, environment }: { ca?: string | undefined; environment: NodeJS.ProcessEnv },
): Route {
  const proxy = proxyOf(new URL(url), environment);
  return { ...(ca === undefined ? {} : { ca: readAuthority(ca) }), ...(proxy ? { proxy } : {}) };
}

function readAuthority(file: string): string {
  const broken = (problem: string) =>
    fail('CERTIFICATE_BROKEN', {
      at: '--ca',
      file,
      problem,
      remedy: 'Name the certificate file that who runs the coordinator gave you.',
    });
  if (!existsSync(file)) throw broken('there is no such file.');
  const text = readFileSync(file, 'utf8');
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw broken('it holds no certificate in PEM.');
  return text;
}

function proxyOf({ protocol, hostname, port }: URL, environment: NodeJS.ProcessEnv): URL | undefined {
  const of = (name: string) => environment[name.toLowerCase()] || environment[name] || undefined;
  const secure = /^(https|wss):$/.test(protocol);
  const text = of(secure ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (text === undefined || isOwnMachine(hostname)) return undefined;
  const excepted = (of('NO_PROXY') ?? '')
    .split(/[\s,]+/)
    .some((rule) => excepts(rule, hostname, port || (secure ? '443' : '80')));
  if (excepted) return undefined;
  const address = text.includes('://') ? text : `http://${text}`;
  if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) return new URL(address);
  // The text may hold a password: it is not repeated.
  const what = `The environment variable ${secure ? 'HTTPS_PROXY' : 'HTTP_PROXY'} does not name an http or https proxy.`;
  throw fail('USAGE', { what, remedy: 'Write it as http://HOST:PORT, or unset it.' });
}

export const isOwnMachine = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));

/** `*`, a host, a domain with all below it (`example.org`, `.example.org`, `*.example.org`), each with a port if it has one. */
function excepts(rule: string, hostname: string, port: string): boolean {
  if (rule === '*') return true;
  const [, name = '', only] = /^\*?\.?(.+?)(?::(\d+))?$/.exec(rule.toLowerCase()) ?? [];
  if (name === '' || (only !== undefined && only !== port)) return false;
  const host = hostname.toLowerCase();
  return host === name || (host.endsWith(`.${name}`) && isIP(host) === 0);
}

type Connected = (error: Error | null, socket?: Socket) => void;

/** What `http.request` and the WebSocket need to go this way; nothing where there is nothing to say. */
export interface Dialling {
  readonly ca?: string;
  readonly createConnection?: (options: object, connected: Connected) => undefined;
}

/** @param url where the route leads */
export function diallingOf(url: string, { ca, proxy }: Route): Dialling {
  const trust = ca === undefined ? {} : { ca };
  if (!proxy) return trust;
  const { hostname, port, protocol } = new URL(url);
  const secure = /^(https|wss):$/.test(protocol);
  const host = hostname.replace(/^\[|\]$/g, '');
  const target = { authority: `${hostname}:${port || (secure ? 443 : 80)}`, proxy };
  return {
    ...trust,
    createConnection(_, connected) {
      tunnel(target, (error, socket) => {
        if (error || !socket) return connected(error);
        if (!secure) return connected(null, socket);
        const line = connectSecure({ socket, ...(isIP(host) ? {} : { servername: host }), host, ...trust });
        line.once('secureConnect', () => {
          line.removeListener('error', connected);
          connected(null, line);
        });
        line.once('error', connected);
      });
      return undefined;
    },
  };
}

/** The longest answer of a proxy that is read. */
const ANSWER_BYTES = 8_192;

function tunnel({ authority, proxy }: { authority: string; proxy: URL }, done: Connected): void {
  const place = {
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: Number(proxy.port || (proxy.protocol === 'https:' ? 443 : 80)),
  };
  const socket: Socket =
    proxy.protocol === 'https:' ? connectSecure({ ...place, servername: place.host }) : connectPlain(place);
  let answer = Buffer.alloc(0);
  let over = false;
  const end = (error: Error | null) => {
    if (over) return;
    over = true;
    socket.removeListener('data', hear);
    socket.setTimeout(0);
    if (error) socket.destroy();
    done(error, error ? undefined : socket);
  };
  const refused = (what: string) => end(new Error(`the proxy ${proxy.host} ${what}`));
  const hear = (part: Buffer) => {
    answer = Buffer.concat([answer, part]);
    const border = answer.indexOf('\r\n\r\n');
    if (border < 0) return answer.length > ANSWER_BYTES ? refused('does not answer in HTTP') : undefined;
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer.toString('latin1'))?.[1];
    if (status === undefined) return refused('does not answer in HTTP');
    if (!status.startsWith('2')) return refused(`refuses to connect (HTTP ${status})`);
    socket.pause();
    if (answer.length > border + 4) socket.unshift(answer.subarray(border + 4));
    end(null);
  };
  socket.setTimeout(limits.strangerMs, () => refused('does not answer'));
  socket.on('data', hear);
  socket.once('error', (error: NodeJS.ErrnoException) => refused(`cannot be reached (${error.code ?? error.message})`));
  socket.once('close', () => refused('closed the connection'));
  const [user, password] = [proxy.username, proxy.password].map(decodeURIComponent);
  const basic = user ? `Proxy-Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}\r\n` : '';
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${basic}\r\n`);
}
