import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Tests that stand beside their source take packages from their sources too. */
const conditions = ['@trunkline/source'];

const named = (...names: string[]) => names.map((name) => `test/${name}.test.ts`);
/** Claims about the tree, which `npm run check` makes beside those of lint and types: `npm test` is about what the programs do. */
const tree = [...named('architecture', 'reference'), 'libs/model/src/kernel/built.test.ts'];
/** What these say holds of a machine that does little else: seconds, memory. They run behind all others, */
const quiet = named('partitions', 'slow-links', 'soak', 'dashboard');
/** and this by itself: it counts frames. */
const alone = named('dashboard-at-scale');

/** More than cores: most of their time processes start and lines are waited for. */
const maxWorkers = 3;

/** The longest begin first, so that nothing is left alone at the end. */
const LONG =
  /\/test\/(equivalence|faults\/simulator|recovery|journal|kills|live-run|modes|cli|operator|select|wants|own-task)\.test\.ts$/;
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const place = ({ moduleId }: TestSpecification) => {
      const name = LONG.exec(moduleId)?.[1];
      return name === 'equivalence' ? 0 : name ? 1 : 2;
    };
    return sorted.sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    // Processes, not threads: the native backend may be loaded by one thread of a process only.
    pool: 'forks',
    // As a coordinator runs: with as many processes as there are here, the collector's helper threads only take turns.
    execArgv: ['--single-threaded-gc', '--initial-old-space-size=64'],
    // Tests of the whole start programs and import packages in their built form, as users do; it loads in a fifth of the time.
    globalSetup: './build.mjs',
    server: { deps: { external: [/\/dist\//] } },
    // A limit ends what hangs; it judges no speed. The longest claims, which name their own, take a minute or two on an idle machine.
    testTimeout: 240_000,
    hookTimeout: 120_000,
    sequence: { sequencer: LongFirst },
    projects: [
      {
        extends: true,
        resolve: { conditions },
        ssr: { resolve: { conditions, externalConditions: conditions } },
        test: {
          name: 'units',
          include: ['{libs,apps}/*/src/**/*.test.ts'],
          exclude: tree,
          // They leave nothing behind: files of one worker share its modules, which halves the CPU that they take.
          isolate: false,
          maxWorkers,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['test/**/*.test.ts'],
          exclude: [...tree, ...quiet, ...alone],
          maxWorkers,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'tree', include: tree, maxWorkers, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: 'quiet', include: quiet, maxWorkers, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: { name: 'alone', include: alone, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
