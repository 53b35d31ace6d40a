import { afterEach, expect, it, vi } from 'vitest';
import { examine, reportText } from './doctor.ts';

afterEach(() => vi.unstubAllEnvs());

it('finds a backend that trains, and its report is plain data', async () => {
  const report = await examine();
  expect(report.backend).not.toBeNull();
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  expect(reportText(report)).toContain(report.backend!.library);
});

it('names the missing native backend with its remedy, and goes on to the next', async () => {
  vi.stubEnv('TRUNKLINE_NATIVE', 'off');
  const report = await examine();
  expect(report.backend?.name).toBe('wasm');
  expect(report.missing).toEqual([
    { what: 'the native backend: switched off by TRUNKLINE_NATIVE', remedy: 'Unset TRUNKLINE_NATIVE.' },
  ]);
  expect(reportText(report)).toContain('Unset TRUNKLINE_NATIVE.');
});
