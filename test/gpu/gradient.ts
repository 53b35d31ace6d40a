import { writeFileSync } from 'node:fs';
import { loadTasks, readClient } from '@trunkline/client';
import { planRun, readRun } from '@trunkline/coordinator';
import { openBackend } from '@trunkline/model/backend';
import { createLearner } from '@trunkline/model/learner';
import { initialTrunk } from '@trunkline/model/trunk';
import { whole } from '../simulate/in-process.ts';

/** The first gradients of one client on one device, in a process of its own: `{ run, client, device, rounds, out }`. */
interface Call {
  readonly run: string;
  readonly client: string;
  readonly device: 'gpu' | 'cpu';
  readonly rounds: number;
  readonly out: string;
}

const { run, client: file, device, rounds, out } = JSON.parse(process.argv[2]!) as Call;
const plan = planRun(readRun(run, ['exchange=sum']));
const { trunk, config } = plan;
const client = readClient(file);
const tasks = await loadTasks(client);
const { tf, name, device: used } = await openBackend({ device, threads: 1, convolutional: true, only: 'native' });
if (used !== device) throw new Error(`the ${name} backend computes on the ${used}`);
const theta = initialTrunk(trunk, config.seed);
const lambda = Object.fromEntries(tasks.map(({ id }) => [id, 1]));
const gradients = new Float32Array(rounds * trunk.layout.length);
for (let round = 0; round < rounds; round++) {
  // A new learner each round: heads that had stepped would differ a little, and so would what is compared.
  const learner = await createLearner({
    tf,
    trunk,
    tasks,
    seed: config.seed,
    client: client.client,
    weightHeads: true,
  });
  const { gradients: found } = await learner.step({ round, theta, lambda, exchange: 'sum', probe: false });
  gradients.set(await whole(found[0]!.slices, trunk.layout.length), round * trunk.layout.length);
  learner.dispose();
}
writeFileSync(out, new Uint8Array(gradients.buffer));
