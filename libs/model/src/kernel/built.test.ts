import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import * as built from './built.ts';

it('the checked-in kernels are what their source gives, and their hashes are theirs', () => {
  const builder = fileURLToPath(new URL('../../kernels/build.mjs', import.meta.url));
  const text = execFileSync(process.execPath, [builder, '--print'], { encoding: 'utf8' });
  for (const { base64, sha256 } of [built.simd, built.relaxed]) {
    expect(text).toContain(`'${base64}'`);
    expect(text).toContain(`'${sha256}'`);
    expect(createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex')).toBe(sha256);
  }
});
