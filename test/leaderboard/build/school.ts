import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeNpy } from './npy.ts';
import { writeRun, writeYaml } from './run-files.ts';

const FEATURES = 28;

/**
 * The School data (ILEA; 139 schools, 28 features): each school is a client with one regression task. Features are divided by
 * their largest value over all schools, scores by 10, so that no school's figures reach another through a mean.
 */
export function buildSchool(folder: string, data: string): void {
  const [, ...lines] = readFileSync(join(data, 'tabular', 'school', 'school.csv'), 'utf8')
    .trim()
    .split('\n');
  const rows = lines.map((line) => line.split(',').map(Number));
  const largest = Array.from(
    { length: FEATURES },
    (_, f) => Math.max(...rows.map((row) => Math.abs(row[2 + f]!))) || 1,
  );
  const schools = [...new Set(rows.map(([school]) => school!))].sort((a, b) => a - b);
  const clients = schools.map((school) => `school-${String(school).padStart(3, '0')}`);
  for (const [s, school] of schools.entries()) {
    const own = rows.filter((row) => row[0] === school);
    const client = clients[s]!;
    const inputs = own.flatMap((row) => row.slice(2).map((value, f) => value / largest[f]!));
    writeNpy(join(folder, `${client}-inputs.npy`), [own.length, FEATURES], Float32Array.from(inputs));
    writeNpy(
      join(folder, `${client}-scores.npy`),
      [own.length],
      Float32Array.from(own, (row) => row[1]! / 10),
    );
    writeYaml(folder, `${client}.yaml`, {
      client,
      data: {
        npy: { inputs: `${client}-inputs.npy`, targets: { score: `${client}-scores.npy` } },
        split: { train: 0.7, validation: 0.1, test: 0.2, seed: 0 },
        batchSize: 16,
      },
      tasks: [{ id: client, head: { regress: {} }, metrics: ['rmse'], optimizer: { adam: { learningRate: 0.003 } } }],
    });
  }
  const layers = [{ dense: { units: 32, activation: 'relu' } }];
  writeRun(folder, { run: 'school', rounds: 300, clients, trunk: { input: [FEATURES], layers } });
}
