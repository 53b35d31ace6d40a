import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('page', import.meta.url));
const uplot = () => join(dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist');

const PLACES = {
  'index.html': ['text/html', () => page],
  'style.css': ['text/css', () => page],
  'elements.js': ['text/javascript', () => page],
  'charts.js': ['text/javascript', () => page],
  'head.js': ['text/javascript', () => page],
  'learning.js': ['text/javascript', () => page],
  'clients.js': ['text/javascript', () => page],
  'conflicts.js': ['text/javascript', () => page],
  'runs.js': ['text/javascript', () => page],
  'locked.js': ['text/javascript', () => page],
  'app.js': ['text/javascript', () => page],
  'uPlot.iife.min.js': ['text/javascript', uplot],
  'uPlot.min.css': ['text/css', uplot],
} as const;

/** The files that the page is made of. They name nothing of any run. */
export type PageFile = keyof typeof PLACES;
export const pageFiles = Object.keys(PLACES) as PageFile[];

export function readPage(name: PageFile): { type: string; text: string } {
  const [type, folder] = PLACES[name];
  return { type: `${type}; charset=utf-8`, text: readFileSync(join(folder(), name), 'utf8') };
}

/** Nothing but what this server itself serves; no script and no style inside the page. */
export const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};
