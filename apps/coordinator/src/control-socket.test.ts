import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fail } from '@trunkline/protocol';
import { openControlLine } from './control-line.ts';
import { openControl, type ControlSocket } from './control-socket.ts';

let folder: string;
let open: ControlSocket[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-control-'));
  open = [];
});
afterEach(async () => {
  for (const control of open) await control.close();
  rmSync(folder, { recursive: true, force: true });
});
async function serve(place: string, answer: (request: string) => unknown = (request) => ({ asked: request })) {
  const control = await openControl(place, answer);
  open.push(control);
  return control;
}

/** What comes back for raw text, until the other side ends the line. */
const raw = (path: string, text: string, until: (heard: string) => boolean): Promise<string> =>
  new Promise((resolve) => {
    let heard = '';
    const socket = connect(path, () => socket.write(text));
    socket.on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (piece: string) => {
      heard += piece;
      if (until(heard)) socket.destroy();
    });
    socket.once('close', () => resolve(heard));
  });

describe.skipIf(process.platform === 'win32')('the control socket', () => {
  it('answers what is asked, errors as errors, and may be opened by its user alone', async () => {
    const { path } = await serve(folder, (request) => {
      if (request === 'stop') throw fail('USAGE', { what: 'not now', remedy: 'later' });
      return { asked: request };
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const line = (await openControlLine(folder))!;
    expect(await line.ask('status')).toEqual({ asked: 'status' });
    await expect(line.ask('stop')).rejects.toMatchObject({ code: 'USAGE', message: 'not now' });
    expect(await Promise.all([line.ask('pause'), line.ask('resume')])).toEqual([
      { asked: 'pause' },
      { asked: 'resume' },
    ]);
    line.close();
  });

  it('is found from a folder whose path is too long for a socket', async () => {
    const deep = join(folder, 'a'.repeat(60), 'b'.repeat(60));
    mkdirSync(deep, { recursive: true });
    const { path } = await serve(deep);
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(100);
    const line = (await openControlLine(deep))!;
    expect(await line.ask('status')).toEqual({ asked: 'status' });
    line.close();
  });

  it('takes the place of one that a killed process left behind, and says that nobody is there when nobody is', async () => {
    expect(await openControlLine(folder)).toBeNull();
    writeFileSync(join(folder, 'control.sock'), '');
    expect(await openControlLine(folder)).toBeNull();
    await serve(folder);
    const line = (await openControlLine(folder))!;
    expect(await line.ask('status')).toEqual({ asked: 'status' });
    line.close();
  });

  it('refuses what is no request, and cuts off one that does not end', async () => {
    const { path } = await serve(folder);
    const one = (heard: string) => heard.endsWith('\n');
    expect(await raw(path, 'hello\n', one)).toMatch(/MESSAGE_INVALID.*no JSON/);
    expect(await raw(path, '{"schema":1,"do":"format"}\n', one)).toMatch(/MESSAGE_INVALID.*do:/);
    expect(await raw(path, '{"schema":1,"do":"stop","why":1}\n', one)).toMatch(/MESSAGE_INVALID/);
    expect(await raw(path, 'x'.repeat(10_000), () => false)).toBe('');
  });

  it('tells who watches that the run’s process is gone', async () => {
    const control = await openControl(folder, () => null);
    const line = (await openControlLine(folder))!;
    await line.ask('watch');
    expect(await line.ended(20)).toBe(false);
    await control.close();
    expect(await line.ended(1000)).toBe(true);
    await expect(line.ask('status')).rejects.toMatchObject({ code: 'CONTROL_SILENT' });
  });
});
