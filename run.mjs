// `node run.mjs PROGRAM ARGUMENTS...` runs a built program of this clone, such as `apps/client/dist/main.js`, after bringing it up to date.
// In this very process, so that a signal reaches the program.
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';

await build();
const program = new URL(process.argv[2], import.meta.url);
process.argv.splice(1, 2, fileURLToPath(program));
await import(program.href);
