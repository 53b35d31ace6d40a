import { describe, expect, it } from 'vitest';
import { measured } from './benchmark.ts';
import { fillBlock, type Taken } from './measured-page.ts';

const page = [
  '# Page\n\nBefore.\n',
  '<!-- measured by one -->\n\nearlier\n\n<!-- end of measured -->\n\nBetween.\n',
  '<!-- measured by two -->\n\nkept\n\n<!-- end of measured -->\n',
].join('\n');
const row = measured({ id: 'F1', what: 'a round', ours: 0.02, baseline: 9.2, unit: 's', goal: 0.005, better: 'lower' });
const taken: Taken = {
  ...{ name: 'one', asked: 'one --peers', rows: [row], notes: ['said'], load: [0.1, 0.4], machine: '2 cores' },
};

describe('a page of figures', () => {
  it('has one block written anew, and keeps all else', () => {
    const filled = fillBlock(page, taken)!;
    expect(filled).toContain('`npm run bench -- one --peers`, 2 cores, load 0.1 to 0.4:');
    expect(filled).toMatch(/\| F1 +\| a round +\| 0.02 s +\| 9.2 s +\| 0.0022 +\| 0.0050 +\| holds +\|/);
    expect(filled).toContain('\n- said\n\n<!-- end of measured -->\n\nBetween.\n');
    expect(filled).not.toContain('earlier');
    expect(filled).toContain('kept');
    // As often as one likes.
    expect(fillBlock(filled, taken)).toBe(filled);
  });

  it('says when the machine was busy', () => {
    expect(fillBlock(page, { ...taken, load: [0.3, 7] })).toContain('busy');
  });

  it('keeps what it has where nothing was measured, and knows no other block', () => {
    expect(fillBlock(page, { ...taken, rows: [] })).toBe(page);
    expect(fillBlock(page, { ...taken, name: 'three' })).toBeUndefined();
  });
});
