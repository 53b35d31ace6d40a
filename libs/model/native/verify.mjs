import { join } from 'node:path';
import { runChild } from './run-child.mjs';
import { SetupFailure } from './setup-failure.mjs';

/**
 * Loads the native backend in a process of its own, as training will, and trains one step there: a library that crashes
 * takes nothing else down.
 * @param {{ root: string, env: NodeJS.ProcessEnv, device?: 'auto' | 'gpu' | 'cpu' }} means
 * @returns {Promise<{ library: string, device: 'gpu' | 'cpu' }>} raises SetupFailure when it does not load or does not learn
 */
export async function verifyNative({ root, env, device = 'auto' }) {
  const probe = join(root, 'libs', 'model', 'src', 'probe.ts');
  const command = [process.execPath, '--conditions=@trunkline/source', '--import', 'tsx', probe, device];
  // A first run on a new GPU compiles kernels for minutes.
  const result = await runChild(command, { cwd: root, env, limitMs: 600_000 });
  const line = result.stdout.trim().split('\n').at(-1) ?? '';
  if (result.ok && line.startsWith('{')) {
    const { library, device: used } = JSON.parse(line);
    return { library, device: used };
  }
  const reason =
    result.stopped || result.stderr.match(/(?:Error|error): (.*)/)?.[1] || 'it crashed while loading or training';
  throw new SetupFailure(
    `the native backend does not run here (${reason.slice(0, 200)})`,
    'Report this with the output of `npm run doctor`.',
  );
}
