import { spawnSync } from 'node:child_process';
import { ROOT } from '../simulate/child.ts';
import type { Sweep } from './sweep.ts';

/** A test file whose counts are raised to their full size by TRUNKLINE_FULL. */
export const fullSize = (name: string, file: string, summary: string): Sweep => ({
  name,
  summary,
  steps: () => [
    {
      name: file,
      async run() {
        const env = { ...process.env, TRUNKLINE_FULL: '1' };
        const { status, stdout, stderr } = spawnSync('npx', ['vitest', 'run', file, '--testTimeout=3600000'], {
          cwd: ROOT,
          env,
          encoding: 'utf8',
        });
        if (status !== 0) throw new Error(`${stdout}\n${stderr}`.slice(-3000));
        return 'passed at full size';
      },
    },
  ],
});
