import { writeFile } from 'node:fs/promises';
import { pages } from './pages.ts';

for (const { name, file, write } of pages) {
  await writeFile(file, await write());
  process.stderr.write(`docs/reference/${name}\n`);
}
