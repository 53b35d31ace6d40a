import { readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { packageFolder } from './addon.mjs';
import { folderBytes } from './cache.mjs';
import { runChild } from './run-child.mjs';
import { SetupFailure } from './setup-failure.mjs';

/**
 * The package's own installer: a prebuilt libtensorflow 2.9.1 and addon from its authors' file host, without a compiler.
 * It knows no time limit of its own: it is ended after a minute without a byte.
 * @param {{ root: string, gpu: boolean, env: NodeJS.ProcessEnv, note: (text: string) => void, quietMs?: number }} means
 */
export async function officialInstall({ root, gpu, env, note, quietMs = 60_000 }) {
  const folder = packageFolder(root);
  const description = join(folder, 'package.json');
  // The installer writes into its own package.json and puts it back only when all went well.
  const before = await readFile(description);
  const result = await runChild([process.execPath, 'scripts/install.js', gpu ? 'gpu' : 'cpu', 'download'], {
    cwd: folder,
    env: { ...env, PATH: [join(root, 'node_modules', '.bin'), env.PATH ?? ''].join(delimiter) },
    limitMs: 900_000,
    quietMs,
    measure: async () => {
      const bytes = await folderBytes(join(folder, 'deps'));
      note(`${Math.round(bytes / 1e6)} MB`);
      return bytes;
    },
  });
  await writeFile(description, before);
  if (result.ok) return;
  await rm(join(folder, 'deps'), { recursive: true, force: true });
  await rm(join(folder, 'lib'), { recursive: true, force: true });
  const reason = result.stopped || result.stderr.match(/Error: (.*)/)?.[1] || 'it ended with an error';
  throw new SetupFailure(`the package's own installer did not succeed (${reason})`, 'Check the network.');
}
