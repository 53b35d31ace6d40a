import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { readFileSync } from 'node:fs';
import { ROOT } from '../simulate/child.ts';

/** Two assays of each lab, each at a client of its own. */
const A_LAB = 2;

interface LabFile {
  client: string;
  data: { npz: { file: string; targets: Record<string, string> } };
  tasks: { id: string }[];
}

/**
 * The main job's data dealt to eight clients of one task each, in a folder of its own: a job on which the number of clients, not their inequality,
 * shows. Returns the run file, and how to remove all.
 */
export function eightLabs(): { file: string; tasks: readonly string[]; remove: () => void } {
  const from = join(ROOT, 'examples', 'drug-discovery');
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-eight-labs-'));
  const run = parse(readFileSync(join(from, 'run.yaml'), 'utf8')) as { clients: string[] };
  const clients: string[] = [];
  const tasks: string[] = [];
  for (const lab of run.clients) {
    const file = parse(readFileSync(join(from, lab), 'utf8')) as LabFile;
    for (const task of file.tasks.slice(0, A_LAB)) {
      const client = `${file.client}-${task.id}`;
      const npz = {
        ...file.data.npz,
        file: join(from, file.data.npz.file),
        targets: { [task.id]: file.data.npz.targets[task.id] },
      };
      writeFileSync(
        join(folder, `${client}.yaml`),
        stringify({ ...file, client, data: { ...file.data, npz }, tasks: [task] }),
      );
      clients.push(`${client}.yaml`);
      tasks.push(task.id);
    }
  }
  const file = join(folder, 'run.yaml');
  writeFileSync(file, stringify({ ...run, run: 'eight-labs', expect: tasks, clients }));
  return { file, tasks, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
