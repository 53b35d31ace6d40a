import type { SourceFile } from './source.ts';
import type { Rule } from './rules.ts';

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const EMPTY_WORDS = /(^|-)(utils?|helpers?|common|managers?|services?)(-|$)/;
/** As in eslint.config.js. */
const LINES = { source: 300, test: 400 };

const isTest = (path: string): boolean => path.startsWith('test/') || path.endsWith('.test.ts');
/** `libs/a/name.test.ts` → `libs`, `a`, `name`. */
const parts = (path: string): string[] => path.replace(/(\.(test|task|d|config))?\.\w+$/, '').split('/');
const each = (says: string, breaks: (file: SourceFile) => boolean): Rule => ({
  says,
  broken: ({ files }) => files.filter(breaks).map(({ path }) => `${path}: ${says}`),
});

export const nameRules: readonly Rule[] = [
  each('files and folders are named in kebab-case.', ({ path }) => !parts(path).every((part) => KEBAB.test(part))),
  each('a name says what is inside: no utils, helpers, common, manager or service.', ({ path }) =>
    parts(path).some((part) => EMPTY_WORDS.test(part)),
  ),
  each(
    `a file has at most ${LINES.source} lines of code, a test ${LINES.test}.`,
    ({ path, lines }) => lines > (isTest(path) ? LINES.test : LINES.source),
  ),
  each(
    'exports have names; only .task.ts files export a default.',
    ({ path, exportsDefault }) => exportsDefault && !path.endsWith('.task.ts'),
  ),
];
