import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { csvSink } from './csv.ts';

it('writes one table a kind, goes on at its end, and leaves what is undefined empty', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-csv-'));
  const at = new Date('2026-01-05T08:00:00Z');
  for (const round of [0, 1]) {
    const { sink, close } = csvSink(folder);
    sink(
      {
        event: 'round',
        round,
        attempt: 0,
        losses: { cats: 0.5, 'dogs@b': null },
        weights: { cats: 1 },
        stationary: false,
        clients: { a: { waitMs: 1, stepMs: 2, sendMs: 3, rows: 8 } },
        timing: { answersMs: 1, aggregateMs: 1, roundMs: 1 },
        bytes: { up: 1, down: 1 },
      },
      at,
    );
    if (round === 1)
      sink(
        {
          event: 'scores',
          version: 2,
          split: 'test',
          tasks: [{ task: 'cats', client: 'a "b", c', loss: 1, metrics: { auroc: null } }],
        },
        at,
      );
    await close();
  }
  const read = (name: string) =>
    readFileSync(join(folder, name), 'utf8').replaceAll(at.toISOString(), 'T').split('\r\n');
  expect(read('rounds.csv')).toEqual([
    'at,round,attempt,row,loss,weight',
    'T,0,0,cats,0.5,1',
    'T,0,0,dogs@b,,',
    'T,1,0,cats,0.5,1',
    'T,1,0,dogs@b,,',
    '',
  ]);
  expect(read('clients.csv')).toEqual([
    'at,round,attempt,client,waitMs,stepMs,sendMs,rows,up,down',
    'T,0,0,a,1,2,3,8,,',
    'T,1,0,a,1,2,3,8,,',
    '',
  ]);
  expect(read('scores.csv')).toEqual([
    'at,version,split,task,client,metric,value',
    'T,2,test,cats,"a ""b"", c",loss,1',
    'T,2,test,cats,"a ""b"", c",auroc,',
    '',
  ]);
  rmSync(folder, { recursive: true, force: true });
});
