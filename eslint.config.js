import tseslint from 'typescript-eslint';

/** Import directions and one-file rules of the house. test/architecture.test.ts proves them again on the graph. */
const layer = (files, patterns, ignores = []) => ({
  files,
  ignores: ['**/*.test.ts', ...ignores],
  rules: { 'no-restricted-imports': ['error', { patterns: patterns.map(([group, message]) => ({ group, message })) }] },
});

const TFJS = [
  ['@tensorflow/*'],
  'tfjs is loaded in libs/model/src/backend.ts only; elsewhere it is an argument (import type).',
];
const SOCKETS = [
  ['socket.io', 'socket.io-client', 'engine.io-client', 'ws'],
  'sockets live in gateway.ts and link.ts only.',
];
const MSGPACK = [['msgpackr'], 'msgpackr lives in wire/pack.ts only.'];
const APPS = [['@trunkline/coordinator*', '@trunkline/client*'], 'a library or an app never imports an app.'];

export default tseslint.config(
  { ignores: ['**/node_modules/**', '**/dist/**', 'runs/**', '.nx/**', '**/*.py', 'libs/model/kernels/*.ts'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 4],
      'no-empty': ['error', { allowEmptyCatch: false }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['**/*.test.ts', 'test/**/*.ts'],
    rules: { 'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }] },
  },
  layer(
    ['libs/protocol/src/**/*.ts'],
    [TFJS, SOCKETS, APPS, MSGPACK, [['@trunkline/model*'], 'protocol knows nothing of the model.']],
    ['libs/protocol/src/wire/pack.ts', 'libs/protocol/src/line/link.ts', 'libs/protocol/src/line/zero-mask.ts'],
  ),
  layer(['libs/model/src/**/*.ts'], [SOCKETS, MSGPACK, APPS]),
  layer(
    ['libs/model/src/{aggregation,optimizer,privacy,store}/**/*.ts'],
    [
      SOCKETS,
      MSGPACK,
      APPS,
      TFJS,
      [['node:fs', 'node:fs/*', 'fs'], 'pure arithmetic and file formats: no file system here.'],
    ],
  ),
  layer(['apps/coordinator/src/**/*.ts'], [TFJS, MSGPACK, APPS, SOCKETS], ['apps/coordinator/src/gateway.ts']),
  layer(['apps/client/src/**/*.ts'], [MSGPACK, APPS, SOCKETS]),
  {
    files: ['libs/model/src/{aggregation,optimizer,privacy}/**/*.ts', 'apps/coordinator/src/rounds.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'chance is an argument: `random`.' },
        { object: 'Date', property: 'now', message: 'time is an argument: `clock`.' },
      ],
    },
  },
);
