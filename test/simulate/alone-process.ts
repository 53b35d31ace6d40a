import { loadTasks, openClient } from '@trunkline/client';
import { planRun, readRun } from '@trunkline/coordinator';
import { openBackend } from '@trunkline/model/backend';
import { needsNativeOrCpu } from '@trunkline/model/layer';
import { jsonMetrics } from '@trunkline/model/metrics';
import type { TaskPlan } from '@trunkline/model/task';
import { toTrunklineError } from '@trunkline/protocol';
import { ALONE_OVERRIDES, trainTaskAlone } from './alone-task.ts';

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
  const plan = planRun(readRun(lane.run, [...lane.overrides, ...ALONE_OVERRIDES]));
  const convolutional = needsNativeOrCpu(plan.trunk);
  const { tf } = await openBackend({ device: 'auto', threads: lane.threads, convolutional });
  const loaded = new Map<string, readonly TaskPlan[]>();
  for (const { file, client, task: id } of lane.tasks) {
    if (!loaded.has(file)) loaded.set(file, await loadTasks(await openClient(file)));
    const task = loaded.get(file)!.find((one) => one.id === id)!;
    const score = await trainTaskAlone(tf, plan, { client, task });
    const metrics = jsonMetrics(score.metrics);
    console.log(JSON.stringify({ event: 'alone', task: id, client, metrics }));
  }
}
