import { basename, dirname, extname, resolve } from 'node:path';
import { fail } from '@trunkline/protocol';
import { checkClient, readClient, type ClientConfig } from './config.ts';
import { importModule } from './load-task.ts';

const MODULES = ['.ts', '.mts', '.js', '.mjs'];

export const isClientModule = (file: string): boolean => MODULES.includes(extname(file));

/**
 * Reads a client file, or a client module: a module is code of the one who runs the client, and is run.
 * @throws CONFIG_MISSING, CONFIG_SYNTAX, CONFIG_INVALID, CONFIG_UNKNOWN_KEY, CLIENT_MODULE, USAGE
 */
export async function openClient(file: string, overrides: readonly string[] = []): Promise<ClientConfig> {
  if (!isClientModule(file)) return readClient(file, overrides);
  if (overrides.length > 0) {
    throw fail('USAGE', {
      what: `--set does not reach into the client module ${basename(file)}.`,
      remedy: 'Read what should vary from process.env in the module.',
    });
  }
  const value = await importModule(file);
  const at = (path: readonly (string | number)[]) => [file, path.join('.')].filter(Boolean).join(': ');
  return checkClient({ name: basename(file), file, overrides, folder: dirname(resolve(file)), value, at });
}
