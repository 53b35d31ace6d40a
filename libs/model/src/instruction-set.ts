import { readFileSync } from 'node:fs';

/** What changes the bits of float32 arithmetic: vector widths, fused multiply-add, reduced-precision dot products. */
const MATTERS =
  /^(sse4_2|avx|avx2|fma|avx512(f|bw|vl|_vnni|_bf16|_fp16)|avx_vnni|amx_(bf16|int8|tile|fp16)|asimd\w*|sve\w*|bf16|i8mm)$/;

/**
 * The CPU's instruction sets on which results depend to the last bit, in alphabetical order with a space between; for the manifest of a run.
 * Empty where the system does not tell (only Linux does, in /proc/cpuinfo).
 */
export function instructionSet(): string {
  let text: string;
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1] ?? '';
  return [...new Set(flags.split(/\s+/).filter((flag) => MATTERS.test(flag)))].sort().join(' ');
}
