import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fail } from '@trunkline/protocol';
import { pastRun } from './past-run.ts';
import { COMPARED } from './compared.ts';
import { readPage, type PageFile } from './page-files.ts';

/**
 * The dashboard of a run as one file that refers to nothing outside itself; of several runs with their curves over each other.
 * @param folders the first is the one whose head, clients and events are shown @throws STORAGE_FAILED
 */
export function writeReport(folders: readonly string[], file: string, now: Date): void {
  const pictures = folders.slice(0, COMPARED).map((folder) => pastRun(folder, now));
  const figures = JSON.stringify({ live: false, pictures }).replaceAll('<', '\\u003c');
  try {
    writeFileSync(file, reportOf(figures));
  } catch (cause) {
    throw fail('STORAGE_FAILED', { file, reason: (cause as Error).message }, cause);
  }
}

function reportOf(figures: string): string {
  const hashes: string[] = [];
  const inlined = readPage('index.html')
    .text.replace(/<link rel="stylesheet" href="([^"]+)" \/>/g, (_, name: PageFile) => {
      return `<style>${readPage(name).text}</style>`;
    })
    .replace(/<script src="([^"]+)"><\/script>/g, (_, name: PageFile) => {
      const { text } = readPage(name);
      hashes.push(`'sha256-${createHash('sha256').update(text).digest('base64')}'`);
      return `<script>${text}</script>`;
    });
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src ${hashes.join(' ')}`;
  const data = `<script type="application/json" id="figures">${figures}</script>`;
  return inlined
    .replace(
      '<meta charset="utf-8" />',
      (meta) => `${meta}\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`,
    )
    .replace('<header id="head">', (tag) => `${data}\n    ${tag}`);
}
