/** Who executes a command that a reader is told to type. */
export interface Execution {
  /** How the line begins. The longest that fits counts. */
  readonly begins: string;
  /** The test that executes it: these very lines, or the same command with the same options on a smaller run. */
  readonly by: string;
  /** What stands in that test for command and options; left out: they themselves. */
  readonly as?: readonly string[];
}

export const executed: readonly Execution[] = [
  // Types the lines of its page one after the other.
  { begins: 'node setup.mjs', by: 'test/own-task.test.ts', as: ['docs/guide/bring-your-own-task.md'] },
  {
    begins: 'npm run simulate -- ',
    by: 'test/cli.test.ts',
    as: ["'simulate'", "'--alone'", "'--seeds'", "'--set'", "'--report'"],
  },
  { begins: 'npm run simulate -- examples/hospitals/run.yaml --dry-run', by: 'test/before-joining.test.ts' },
  { begins: 'npm run simulate -- my-run.yaml', by: 'test/cli.test.ts', as: ["'simulate'"] },
  { begins: 'npm run client -- fine-tune ', by: 'test/transfer.test.ts', as: ['docs/guide/transfer-and-augment.md'] },
  { begins: 'npm run client -- new ', by: 'test/new-client.test.ts' },
  { begins: 'npm run client -- check ', by: 'test/before-joining.test.ts' },
  { begins: 'npm run client -- join ', by: 'test/operator.test.ts' },
  {
    begins: 'npm run client -- predict ',
    by: 'test/take-home.test.ts',
    as: ["'predict'", "'--split'", "'--out'", "'--run'"],
  },
  { begins: 'npm run client -- evaluate ', by: 'test/take-home.test.ts' },
  { begins: 'npm run client -- export ', by: 'test/take-home.test.ts' },
  { begins: 'npm run coordinator -- start ', by: 'test/bad-peers.test.ts', as: ["'start'", "'--port'", "'--set'"] },
  {
    begins:
      'npm run coordinator -- start examples/hospitals/run.yaml --port 4100 --set listen.host=0.0.0.0 --dev-certificate',
    by: 'test/door.test.ts',
    as: ['devCertificate: true'],
  },
  { begins: 'npm run coordinator -- invite ', by: 'test/invite.test.ts' },
  { begins: 'npm run coordinator -- revoke ', by: 'test/invite.test.ts' },
  { begins: 'npm run coordinator -- relay ', by: 'test/relay.test.ts' },
  { begins: 'npm run coordinator -- export ', by: 'test/take-home.test.ts' },
  { begins: 'npm run coordinator -- view ', by: 'test/dashboard.test.ts', as: ['openViewer(runs'] },
  { begins: 'npm run coordinator -- clients', by: 'test/before-joining.test.ts' },
  ...['status', 'log', 'pause', 'resume', 'stop'].map((name) => ({
    begins: `npm run coordinator -- ${name}`,
    by: 'test/operator.test.ts',
  })),
  { begins: 'npm run doctor', by: 'test/before-joining.test.ts', as: ["'doctor'"] },
  { begins: 'npm run reference', by: 'test/reference.test.ts', as: ['await write()'] },
];

/** What no test executes, and why. */
export const elsewhere: readonly { readonly begins: string; readonly why: string }[] = [
  { begins: 'npm start', why: 'two minutes of training; test/cli.test.ts runs the same program on a small run' },
  { begins: 'npm test', why: 'a test cannot run all tests; .ci/run does' },
  { begins: 'npm run check', why: 'minutes of lint and types; .ci/run executes it beside the tests' },
  { begins: 'npm run bench ', why: 'measures a machine that does nothing else' },
  { begins: 'docker ', why: 'needs a container engine; test/deploy.test.ts checks the files and runs the entry' },
  { begins: 'git clone ', why: 'the reader’s own copy' },
  { begins: 'XDG_CACHE_HOME=/opt/', why: 'needs root; the same set-up is what `npm test` begins with' },
  { begins: 'node /opt/', why: 'needs root; vitest builds by the same program before the tests' },
  { begins: 'cp /opt/', why: 'needs root' },
  { begins: 'systemctl ', why: 'needs a machine that systemd runs; test/deploy.test.ts verifies the units' },
  { begins: 'journalctl ', why: 'needs a machine that systemd runs' },
  { begins: 'helm ', why: 'needs helm and a cluster' },
];

const longest = <T extends { readonly begins: string }>(all: readonly T[], line: string): T | undefined =>
  all.filter(({ begins }) => line.startsWith(begins)).sort((a, b) => b.begins.length - a.begins.length)[0];

export const executionOf = (line: string): Execution | undefined => longest(executed, line);
export const elsewhereOf = (line: string): string | undefined => longest(elsewhere, line)?.why;

/** What must stand in the test that executes `line`: the command, and each of its options. */
export function evidenceOf(line: string, { as }: Execution): readonly string[] {
  if (as) return as;
  const [, command = ''] = /^npm run \w+ -- (\S+)/.exec(line) ?? [];
  return [command, ...line.split(' ').filter((word) => word.startsWith('--') && word !== '--')].map((word) =>
    word === command && word.includes('/') ? '' : `'${word}'`,
  );
}
