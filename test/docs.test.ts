import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { clientSchema } from '@trunkline/client';
import { parseYaml } from '@trunkline/model/config';
import { elsewhere, elsewhereOf, evidenceOf, executed, executionOf } from './guide/executed.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path}`),
];
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const help = read('docs/reference/commands.md');

/** Lines of the code blocks that a reader is told to type. */
const commandsOf = (page: string): string[] =>
  [...read(page).matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) =>
    block!.split('\n').map((line) => line.replace(/\s+#.*/, '').trim()),
  );
const commands = pages.flatMap((page) =>
  commandsOf(page)
    .filter(Boolean)
    .map((line) => [line, page] as const),
);

/** What is wrong with a command; empty when it can be typed as it stands. */
function faultOf(line: string): string {
  // Programs of the reader's machine: the list that names them says why they are not tried here.
  if (!/^(npm|node) /.test(line) || line.startsWith('node /opt/'))
    return elsewhereOf(line) ? '' : `cannot check \`${line}\``;
  const [npm, ...rest] = line.split(' ');
  if (npm !== 'npm') return existsSync(join(root, rest[0] ?? '')) && npm === 'node' ? '' : `cannot check \`${line}\``;
  const script = rest[0] === 'run' ? rest.find((word, i) => i > 0 && !word.startsWith('-')) : rest[0];
  if (!script || !(script in scripts)) return `there is no script ${script}`;
  const given = rest.slice(rest.indexOf('--') + 1);
  // What begins with `my-` is the reader's own.
  const files = given.filter(
    (word) => /\.ya?ml$/.test(word) && !word.startsWith('my-') && !existsSync(join(root, word)),
  );
  const options = given.filter((word) => word.startsWith('--') && !help.includes(`  ${word} `));
  const missing = [...files, ...options];
  if (missing.length > 0) return `there is no ${missing.join(', ')}`;
  if (script !== 'coordinator' && script !== 'client') return '';
  return help.includes(`npm run ${script} -- ${given[0]}`) ? '' : `${script} has no command ${given[0]}`;
}

describe('the documents', () => {
  it.each(pages)('%s: every link leads to a file that is there', (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?(?: (?:"[^"]*"|'[^']*'))?\)/g)].map(
      ([, target]) => target!,
    );
    const local = targets.filter((target) => !/^[a-z]+:/.test(target));
    expect(local.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });

  it.each(commands)('`%s` can be typed as it stands (%s)', (line) => expect(faultOf(line)).toBe(''));

  it.each([
    ['npm run trian -- a', 'there is no script trian'],
    ['npm run simulate -- examples/nowhere/run.yaml', 'there is no examples/nowhere/run.yaml'],
    ['npm run simulate -- examples/hospitals/run.yaml --alnoe', 'there is no --alnoe'],
    ['npm run client -- jion http://127.0.0.1:4100', 'client has no command jion'],
  ])('would say so of `%s`', (line, fault) => expect(faultOf(line)).toBe(fault));

  const told = commands.filter(([, page]) => page === 'README.md' || page.startsWith('docs/guide/'));

  it.each(told)('`%s` is executed by a test, or the list says why not (%s)', (line, page) => {
    const execution = executionOf(line);
    if (!execution) return expect(elsewhereOf(line), 'add it to test/guide/executed.ts').toBeDefined();
    const test = read(execution.by);
    // A test that types the lines of the page itself needs no further sign.
    const signs = test.includes(page) ? [] : evidenceOf(line, execution);
    expect(signs.filter((sign) => !test.includes(sign))).toEqual([]);
  });

  it('names no command as executed or not that no page shows', () => {
    const lines = told.map(([line]) => line);
    const used = new Set(
      lines.flatMap((line) => [
        executionOf(line)?.begins,
        elsewhere.find(({ begins }) => line.startsWith(begins))?.begins,
      ]),
    );
    expect([...executed, ...elsewhere].map(({ begins }) => begins).filter((begins) => !used.has(begins))).toEqual([]);
  });

  it('would miss an option that no test gives, and a command that is in neither list', () => {
    const line = 'npm run client -- check http://127.0.0.1:4100 a.yaml --patience';
    expect(evidenceOf(line, executionOf(line)!)).toEqual(["'check'", "'--patience'"]);
    expect([executionOf('npm run format'), elsewhereOf('npm run format')]).toEqual([undefined, undefined]);
  });

  it('compares with other tools: each tick of ours names a claim that stands in the test it leads to', () => {
    const lines = read('docs/explain/compared.md').split('\n');
    const ours = lines
      .filter((line) => line.startsWith('| '))
      .slice(2)
      .map((line) => line.split(' | ').at(-1)!);
    expect(ours.length).toBeGreaterThan(20);
    for (const cell of ours) {
      const [, path, , claim] = /^\[✓\]\((\S+) (["'])(.+)\2\)/.exec(cell) ?? [];
      // What has no test is no tick.
      if (path === undefined) expect(cell).toMatch(/^[–~]: /);
      else expect(read(join('docs/explain', path)), cell).toContain(claim!);
    }
  });

  it('shows a client file that is one', () => {
    const [, block] = /```yaml\n(.*?)```/s.exec(read('docs/guide/bring-a-task.md'))!;
    expect(clientSchema.safeParse(parseYaml(block!, 'client.yaml').value).error).toBeUndefined();
  });
});
