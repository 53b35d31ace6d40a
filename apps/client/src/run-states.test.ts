import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { fileDisk } from '@trunkline/model/disk';
import { openRunStates } from './run-states.ts';
import { heldStates, runStateFolder } from './state-folder.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-states-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));
let state = '';
let said: string[] = [];
beforeEach(() => {
  state = mkdtempSync(join(temporary, 'one-'));
  said = [];
});
const disk = fileDisk();
const say = (file: string, problem: string) => void said.push(`${file.slice(state.length + 1)}: ${problem}`);

const open = (birth = 'first') => {
  const label = { run: 'run', client: 'a', birth, trunk: 'f'.repeat(64), url: 'http://127.0.0.1:4100' };
  const before = heldStates(disk, state, 'a', say).of('run')?.label;
  return openRunStates(disk, runStateFolder(state, 'run', 'a'), { label, before, said: say });
};
const bytes = (text: string) => new TextEncoder().encode(text);
const trained = () => {
  const states = open();
  states.save({ round: 0, attempt: 0 }, bytes('zero'));
  states.save({ round: 10, attempt: 2 }, bytes('ten'));
  return states;
};

describe('what a client keeps of a run', () => {
  it('is found again with its round and attempt', () => {
    trained();
    const again = open();
    expect(again.holds()).toEqual([0, 10]);
    expect(again.newest()).toEqual({ round: 10, attempt: 2, bytes: bytes('ten') });
    expect(heldStates(disk, state, 'a').at('http://127.0.0.1:4100')).toMatchObject({ run: 'run', birth: 'first' });
    expect(said).toEqual([]);
  });

  it('falls back to the state before a damaged one, and says so', () => {
    trained();
    writeFileSync(join(state, 'run', 'a', 'rounds', '000010.safetensors'), 'tex');
    expect(open().newest()?.round).toBe(0);
    expect(said).toEqual([expect.stringMatching(/^run\/a\/rounds\/000010\.safetensors: .*set aside/)]);
  });

  it('of an earlier run of the same name is set aside whole, and said', () => {
    trained();
    expect(open('second').holds()).toEqual([]);
    expect(said).toEqual([expect.stringContaining('an earlier run')]);
    expect(readdirSync(join(state, 'run', 'a.before-1', 'rounds'))).toContain('000010.safetensors');
  });

  it('survives the damage of its label, whichever byte it is', () => {
    trained();
    const label = join(state, 'run', 'a', 'state.json');
    const whole = readFileSync(label);
    for (let at = 0; at < whole.length; at += 7) {
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 2;
      writeFileSync(label, flipped);
      expect(open().newest()?.round, `byte ${at}`).toBe(10);
      writeFileSync(label, whole);
    }
    expect(open('second').holds()).toEqual([]);
  });

  it('refuses a label of a newer format', () => {
    trained();
    const label = join(state, 'run', 'a', 'state.json');
    const { seal: _, ...rest } = JSON.parse(readFileSync(label, 'utf8')) as Record<string, unknown>;
    writeFileSync(label, JSON.stringify({ ...rest, format: 2 }));
    expect(() => open()).toThrow(expect.objectContaining({ code: 'FOLDER_FORMAT' }));
  });
});
