import { fail } from '@trunkline/protocol';
import type { ConfigFile } from '@trunkline/model/config';

/** `--port` as the key of a run or relay file that it sets; none where it is not given. @throws USAGE */
export const portSetting = (given: string | undefined): string[] =>
  given === undefined ? [] : [`listen.port=${portOf(given)}`];

/** Errors about the port name the option by which it was given. */
export function portNamed<C extends { readonly source: ConfigFile }>(config: C, given: string | undefined): C {
  const { source } = config;
  if (given === undefined) return config;
  const at: ConfigFile['at'] = (path) => (path.join('.') === 'listen.port' ? '--port' : source.at(path));
  return { ...config, source: { ...source, at } };
}

function portOf(text: string): number {
  const port = Number(text);
  if (text.trim() !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw fail('USAGE', {
    what: `--port ${text}: expected a whole number from 0 to 65535.`,
    remedy: 'Write for example --port 4100; 0 takes any free one.',
  });
}
