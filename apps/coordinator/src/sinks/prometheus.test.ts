import { expect, it } from 'vitest';
import { fail } from '@trunkline/protocol';
import { operatorView } from '../operator-view.ts';
import type { RunEvent } from '../run-events.ts';
import { emptyRecord, record } from '../run-record.ts';
import { prometheusText } from './prometheus.ts';

/** The grammar of "Exposition formats", text 0.0.4: metadata before samples, one group a name, no sample twice. */
function parse(text: string): Map<string, { type: string; samples: Map<string, number> }> {
  const families = new Map<string, { type: string; samples: Map<string, number> }>();
  let current = '';
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-zA-Z_:][\w:]*) (.*)$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge)$/.exec(line);
    const sample =
      /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|\+?Inf))$/.exec(
        line,
      );
    if (help) {
      expect(families.has(help[1]!)).toBe(false);
      current = help[1]!;
    } else if (type) {
      expect(type[1]).toBe(current);
      families.set(current, { type: type[2]!, samples: new Map() });
    } else {
      expect(sample, line).not.toBeNull();
      expect(sample![1]).toBe(current);
      const { samples } = families.get(current)!;
      expect(samples.has(sample![2] ?? ''), line).toBe(false);
      samples.set(sample![2] ?? '', Number(sample![3]));
    }
  }
  return families;
}

it('is text that the format’s grammar accepts, with every figure once', () => {
  const told = emptyRecord();
  const error = fail('USAGE', { what: 'x', remedy: 'y' }).report();
  const events: RunEvent[] = [
    { event: 'listening', run: 'r', url: 'u', dashboard: null, folder: 'f' },
    { event: 'joined', client: 'a', tasks: ['cats'], labelled: {}, backend: '', again: false },
    {
      event: 'round',
      round: 0,
      attempt: 0,
      losses: { cats: 2 },
      weights: null,
      stationary: false,
      clients: { a: { waitMs: 1, stepMs: 1, sendMs: 1, rows: 5, up: 7, down: 9 } },
      timing: { answersMs: 1, aggregateMs: 1, roundMs: 100 },
      bytes: { up: 7, down: 9 },
    },
    { event: 'refused', client: 'b\\"\n', message: 'join', error },
    { event: 'left', client: 'a', reason: 'x' },
  ];
  for (const event of events) record(told, event, new Date(1000));
  const live = {
    pid: 1,
    phase: 'training',
    round: 1,
    attempt: 0,
    waitingFor: { clients: ['a'], tasks: ['cats'] },
    deadlineMs: 1,
    pulse: () => null,
  };
  const text = prometheusText(operatorView({ record: told, planned: 4, live, now: 3000 }), {
    residentBytes: 5,
    cpuSeconds: 1.5,
  });
  const families = parse(text);
  const value = (name: string, labels = '') => families.get(name)!.samples.get(labels);
  expect(value('trunkline_round')).toBe(1);
  expect(value('trunkline_rounds')).toBe(4);
  expect(value('trunkline_state', '{state="training"}')).toBe(1);
  expect(value('trunkline_client_bytes_total', '{client="a",direction="up"}')).toBe(7);
  expect(value('trunkline_client_rows_per_second', '{client="a"}')).toBe(50);
  expect(value('trunkline_client_connected', '{client="a"}')).toBe(0);
  expect(value('trunkline_problem', '{who="a",kind="missing"}')).toBe(1);
  expect(value('trunkline_problem', '{who="b\\\\\\"\\n",kind="refused"}')).toBe(1);
  expect(families.get('trunkline_bytes_total')!.type).toBe('counter');
  expect(families.has('trunkline_client_score')).toBe(false);
});
