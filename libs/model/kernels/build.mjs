// Builds the kernels twice, with and without relaxed SIMD, into ../src/kernel/built.ts: `npm run kernels`. The toolchain is an exact development
// dependency, so that the same source gives the same bytes; src/kernel/built.test.ts rebuilds and compares.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

// Pointers are byte offsets into the instance's memory; `n` counts values. What each function computes, bit for bit, is said by its twin in ../src/kernel.
const sources = ['sums.ts', 'gramian.ts', 'steps.ts', 'halves.ts', 'int8.ts', 'largest.ts', 'delta.ts', 'columns.ts'];
const folder = fileURLToPath(new URL('.', import.meta.url));

/** @param {string} features @returns {Promise<Uint8Array>} */
async function compile(features) {
  /** @type {Uint8Array | undefined} */
  let built;
  const options = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--importMemory', '--enable', features];
  const { error, stderr } = await asc.main([...sources, ...options, '--outFile', 'out.wasm', '--baseDir', folder], {
    writeFile: (name, contents) => void (name === 'out.wasm' && (built = contents)),
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return built;
}

/** The text of src/kernel/built.ts. */
async function buildKernels() {
  const module = async (features) => {
    const bytes = Buffer.from(await compile(features));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return `{\n  sha256: '${sha256}',\n  base64:\n    '${bytes.toString('base64')}',\n}`;
  };
  return `// Written by \`npm run kernels\` from libs/model/kernels.
export interface BuiltKernels {
  /** Of the WebAssembly bytes. */
  readonly sha256: string;
  readonly base64: string;
}

/** For every engine with SIMD. */
export const simd: BuiltKernels = ${await module('simd,bulk-memory')};

/** The Gramian's products fused with their additions; exact either way, so the bits are the same. */
export const relaxed: BuiltKernels = ${await module('simd,bulk-memory,relaxed-simd')};
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await buildKernels();
  if (process.argv[2] === '--print') process.stdout.write(text);
  else writeFileSync(new URL('../src/kernel/built.ts', import.meta.url), text);
}
