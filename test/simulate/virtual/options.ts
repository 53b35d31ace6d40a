import { fail, type TrunklineError } from '@trunkline/protocol';
import type { Faults } from './schedule.ts';

/** What `--virtual` and the options that belong to it ask for. */
export interface VirtualRules {
  readonly clients: number;
  /** Share of the clients that each round calls. */
  readonly sample: number;
  /** α of Dirichlet-distributed classes; left out: equal parts. */
  readonly skew?: number;
  readonly faults: Faults;
}

/** As the command line gives them. */
export interface VirtualTexts {
  readonly virtual?: string;
  readonly sample?: string;
  readonly skew?: string;
  readonly lost?: string;
  readonly slow?: string;
}

/** undefined: no virtual clients are asked for. @param others options that cannot go with it, where given. @throws USAGE */
export function virtualRules(texts: VirtualTexts, others: Readonly<Record<string, unknown>>): VirtualRules | undefined {
  const { virtual, skew } = texts;
  if (virtual === undefined) {
    const alone = (['sample', 'skew', 'lost', 'slow'] as const).find((name) => texts[name] !== undefined);
    if (alone) throw usage(`--${alone} belongs to --virtual.`, `Add --virtual 1000, or leave --${alone} out.`);
    return undefined;
  }
  const other = Object.keys(others).find((name) => others[name] !== undefined && others[name] !== false);
  if (other) throw usage(`--virtual runs by itself: it does not go with --${other}.`, 'Leave one of the two out.');
  const number = (name: keyof VirtualTexts, otherwise: string, fits: (value: number) => boolean, expected: string) => {
    const text = texts[name] ?? otherwise;
    const value = text.trim() === '' ? NaN : Number(text);
    if (fits(value)) return value;
    throw usage(`--${name} ${text}: expected ${expected}.`, `Correct --${name}.`);
  };
  const share = (value: number) => value >= 0 && value <= 1;
  return {
    clients: number('virtual', '', (value) => Number.isInteger(value) && value > 0, 'a whole number of at least 1'),
    sample: number('sample', '0.1', (value) => share(value) && value > 0, 'a share above 0, up to 1'),
    ...(skew === undefined
      ? {}
      : { skew: number('skew', '', (value) => value > 0 && value < Infinity, 'a number above 0') }),
    faults: {
      lost: number('lost', '0', share, 'a share from 0 to 1'),
      slow: number('slow', '0', share, 'a share from 0 to 1'),
    },
  };
}

const usage = (what: string, remedy: string): TrunklineError => fail('USAGE', { what, remedy });
