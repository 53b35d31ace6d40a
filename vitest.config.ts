import { defineConfig } from 'vitest/config';

const conditions = ['@trunkline/source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // One process a file: the native backend may be loaded by one thread of a process only.
    pool: 'forks',
    include: ['{libs,apps}/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
