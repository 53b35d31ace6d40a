import { describe, expect, it } from 'vitest';
import { stalenessScale } from './staleness.ts';

// fedbuff: 1/√(1+τ) of Nguyen et al. 2022. fedasync-poly with a = 1: FederatedScope's default rule, as printed for it.
const golden = [
  { age: 1, fedbuff: 0.707107, poly: 0.5 },
  { age: 2, fedbuff: 0.57735, poly: 0.333333 },
  { age: 3, fedbuff: 0.5, poly: 0.25 },
  { age: 5, fedbuff: 0.408248, poly: 0.166667 },
];

describe('the scale of an old answer', () => {
  it.each(golden)('is the published one at age $age', ({ age, fedbuff, poly }) => {
    expect(stalenessScale({ fedbuff: {} }, age)).toBeCloseTo(fedbuff, 6);
    expect(stalenessScale({ 'fedasync-poly': { a: 1 } }, age)).toBeCloseTo(poly, 6);
  });

  it('is 1 up to b and falls as 1/(a(τ−b)+1) behind it with the hinge', () => {
    const hinge = { 'fedasync-hinge': { a: 10, b: 4 } };
    expect([0, 4].map((age) => stalenessScale(hinge, age))).toEqual([1, 1]);
    expect(stalenessScale(hinge, 5)).toBeCloseTo(1 / 11, 12);
  });

  it('is 1 for a fresh answer under every rule, and for every answer under none', () => {
    for (const rule of [{ fedbuff: {} }, { 'fedasync-poly': { a: 0.5 } }, { 'fedasync-hinge': { a: 10, b: 4 } }])
      expect(stalenessScale(rule, 0)).toBe(1);
    expect(stalenessScale({ none: {} }, 100)).toBe(1);
  });
});
