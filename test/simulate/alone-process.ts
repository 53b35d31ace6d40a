import { loadTasks, readClient } from '@trunkline/client';
import { createTrunkStep, orderedSum, planRun, readRun } from '@trunkline/coordinator';
import { openBackend } from '@trunkline/model/backend';
import { needsNativeOrCpu } from '@trunkline/model/layer';
import { createLearner } from '@trunkline/model/learner';
import type { TaskPlan } from '@trunkline/model/task';
import { toTrunklineError } from '@trunkline/protocol';
import { whole } from './in-process.ts';

/** One lane of `trainAlone`: trains the tasks named in its argument one after the other, a JSON line for each. */
interface Lane {
  readonly run: string;
  readonly overrides: readonly string[];
  readonly threads: number;
  readonly tasks: readonly { file: string; client: string; task: string }[];
}

try {
  await main(JSON.parse(process.argv[2]!) as Lane);
} catch (thrown) {
  const error = toTrunklineError(thrown);
  console.log(JSON.stringify({ event: 'error', ...error.report() }));
  process.exitCode = error.exit;
}

async function main(lane: Lane): Promise<void> {
  // Alone there is nothing to weigh or to combine: the trunk's gradient is the task's own.
  const config = readRun(lane.run, [...lane.overrides, 'strategy=weighted-sum', 'exchange=sum', 'weights={}']);
  const plan = planRun(config);
  const { trunk } = plan;
  const backend = await openBackend({ device: 'auto', threads: lane.threads, convolutional: needsNativeOrCpu(trunk) });
  const loaded = new Map<string, readonly TaskPlan[]>();
  for (const { file, client, task } of lane.tasks) {
    if (!loaded.has(file)) loaded.set(file, await loadTasks(readClient(file)));
    const tasks = loaded.get(file)!.filter(({ id }) => id === task);
    const learner = await createLearner({ tf: backend.tf, trunk, tasks, seed: config.seed, client, weightHeads: true });
    const keeper = createTrunkStep(plan);
    while (keeper.version < config.rounds) {
      const call = {
        round: keeper.version,
        theta: keeper.theta,
        lambda: { [task]: 1 },
        exchange: 'sum',
        probe: false,
      } as const;
      const gradient = (await learner.step(call)).gradients[0];
      const sum = orderedSum(trunk.layout.length, [client]);
      sum.put(client, gradient ? await whole(gradient.slices, trunk.layout.length) : null);
      keeper.advance({ exchange: 'sum', sum: sum.finish(), tasks: 1 });
    }
    const [score] = await learner.evaluate(keeper.theta, 'test');
    const metrics = Object.fromEntries(Object.entries(score!.metrics).map(([name, value]) => [name, value ?? null]));
    console.log(JSON.stringify({ event: 'alone', task, client, metrics }));
    learner.dispose();
  }
}
