/** What the tests use of quadprog 1.6: Goldfarb and Idnani 1983, indices from 1. */
declare module 'quadprog' {
  /** min ½bᵀDb − dᵀb with Aᵀb ≥ b₀, the first `meq` of them equalities. D positive definite. `message` is empty on success. */
  export function solveQP(
    dmat: number[][],
    dvec: number[],
    amat: number[][],
    ...constraints: [bvec: number[], meq?: number]
  ): { solution: number[]; value: number[]; message: string };
}
