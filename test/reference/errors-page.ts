import { errors } from '@trunkline/protocol';
import { table } from './key-table.ts';

const GROUPS: readonly [from: number, title: string][] = [
  [1, 'Unexpected'],
  [2, 'Usage and configuration'],
  [10, 'Connection'],
  [20, 'Admission'],
  [30, 'Protocol'],
  [40, 'Training'],
  [50, 'Storage'],
];

/** docs/reference/errors.md: every code, by its group. `{name}` is filled with the value at hand. */
export function errorsPage(): string {
  const groupOf = (exit: number) => (exit < 10 ? exit : Math.floor(exit / 10) * 10);
  const sections = GROUPS.map(([from, title]) => {
    const rows = Object.entries(errors)
      .filter(([, { exit }]) => groupOf(exit) === from)
      .map(([code, { message, hint, exit }]) => [`\`${code}\``, String(exit), message, hint]);
    return `## ${title}\n\n${table(['code', 'exit', 'sentence', 'what to do'], rows)}`;
  });
  return `# Errors

Every error has a code, a sentence, a remedy and an exit code. With \`--format json\` stdout carries
\`{ "schema": 1, "status": "error", "error": { "code", "message", "hint" } }\`; otherwise stderr carries the text.
\`{name}\` stands for the value at hand. An interrupted command (Ctrl-C) exits with 130, one that is done with 0.

${sections.join('\n\n')}
`;
}
