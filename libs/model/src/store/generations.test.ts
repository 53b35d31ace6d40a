import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { fileDisk } from '../disk/file-disk.ts';
import { openGenerations } from './generations.ts';
import { encodeSnapshot } from './snapshot.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-generations-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));
const disk = fileDisk();
const bytesOf = (round: number) => encodeSnapshot({ round, values: Float32Array.of(round, 0.5) });
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(temporary, 'one-'));
});

describe('generations', () => {
  it('keeps the newest three, each with its note', () => {
    const kept = openGenerations(disk, folder);
    for (const round of [0, 10, 20, 30]) kept.save(round, bytesOf(round), { attempt: 1 });
    expect(kept.survey().sound.map(({ round, note }) => [round, note])).toEqual([
      [10, { attempt: 1 }],
      [20, { attempt: 1 }],
      [30, { attempt: 1 }],
    ]);
    expect(kept.load(20).bytes).toEqual(bytesOf(20));
    kept.forgetAfter(10);
    expect(readdirSync(folder)).toEqual(['000010.json', '000010.safetensors']);
  });

  it('notices the change of any single byte, sets both files aside and keeps the generation before', () => {
    const kept = openGenerations(disk, folder);
    kept.save(0, bytesOf(0));
    kept.save(10, bytesOf(10), { attempt: 3 });
    for (const name of ['000010.json', '000010.safetensors']) {
      const path = join(folder, name);
      const whole = readFileSync(path);
      for (let at = 0; at < whole.length; at++) {
        const flipped = Buffer.from(whole);
        flipped[at]! ^= 1 << (at % 8);
        writeFileSync(path, flipped);
        expect(() => kept.load(10), `${name} byte ${at}`).toThrow(expect.objectContaining({ code: 'SNAPSHOT_BROKEN' }));
      }
      writeFileSync(path, whole);
    }
    writeFileSync(join(folder, '000010.safetensors'), 'cut');
    const { sound, damaged } = kept.survey();
    expect(sound.map(({ round }) => round)).toEqual([0]);
    expect(damaged).toEqual([
      {
        round: 10,
        file: join(folder, '000010.safetensors'),
        problem: expect.stringContaining('SHA-256') as string,
        finished: true,
      },
    ]);
    expect(readdirSync(folder)).toContain('000010.safetensors.damaged');
    expect(kept.newest()).toBe(10);
  });

  it('does not count what a crash left without its manifest', () => {
    const kept = openGenerations(disk, folder);
    kept.save(0, bytesOf(0));
    writeFileSync(join(folder, '000010.safetensors'), bytesOf(10));
    expect(kept.survey().sound.map(({ round }) => round)).toEqual([0]);
  });
});
