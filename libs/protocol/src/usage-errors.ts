/** What stands behind a code: see errors.ts, where all of them come together. */
export interface Definition {
  readonly message: string;
  readonly hint: string;
  readonly exit: number;
}

/** The part of the one list that says what is wrong with what people wrote: exit code 2. */
export const usageErrors = {
  USAGE: { message: '{what}', hint: '{remedy}', exit: 2 },
  CONFIG_MISSING: {
    message: 'There is no file {file}.',
    hint: 'Check the path; it is relative to the folder you call from.',
    exit: 2,
  },
  CONFIG_SYNTAX: {
    message: '{at}: this is not valid YAML: {problem}',
    hint: 'Correct the line; indentation is by spaces.',
    exit: 2,
  },
  CONFIG_INVALID: { message: '{at}: {key}: {problem}', hint: '{remedy}', exit: 2 },
  CONFIG_UNKNOWN_KEY: { message: '{at}: unknown key `{key}`.', hint: '{remedy}', exit: 2 },
  LAYER_UNKNOWN: { message: '{at}: unknown layer `{layer}`.', hint: 'Known layers: {known}.', exit: 2 },
  LAYER_REFUSED: {
    message:
      '{at}: {layer} cannot be part of a trunk: its batch statistics leak between clients and differ from client to client.',
    hint: 'Use groupNormalization or layerNormalization instead.',
    exit: 2,
  },
  LAYER_SHAPE: {
    message: '{at}: {layer} cannot follow an output of shape [{found}]: it expects {expected}.',
    hint: 'Put a layer between them that changes the shape (for example flatten), or correct the input shape.',
    exit: 2,
  },
  STRATEGY_UNKNOWN: { message: '{at}: unknown strategy `{strategy}`.', hint: 'Known strategies: {known}.', exit: 2 },
  STRATEGY_NEEDS_ROWS: {
    message: '{at}: strategy {strategy} needs one gradient row a task, but `exchange: sum` sends only their sum.',
    hint: 'Remove `exchange`, or set `exchange: rows`.',
    exit: 2,
  },
  OPTIMIZER_UNKNOWN: { message: '{at}: unknown optimizer `{optimizer}`.', hint: 'Known optimizers: {known}.', exit: 2 },
  WEIGHT_UNKNOWN_TASK: {
    message: '{at}: weights name the task `{task}`, which no client brings.',
    hint: 'The tasks of this run: {known}.',
    exit: 2,
  },
  EXPECT_UNSERVED: {
    message: '{at}: the run expects the task `{task}`, which no client brings.',
    hint: 'Tasks of the clients: {known}. Correct `expect`, or add the client that serves it.',
    exit: 2,
  },
  EXPECT_MISSING: {
    message: '{at}: `expect` is missing: `coordinator start` must know which tasks to wait for before round 0.',
    hint: 'Add `expect: [task, ...]` to the run file.',
    exit: 2,
  },
  RUN_FOLDER_EXISTS: {
    message: 'The run folder {folder} exists already and cannot be continued by this version.',
    hint: 'Give the run another id (`run:` in the run file, or --set run=NAME), or another place with --runs DIR.',
    exit: 2,
  },
  RUN_CONFIG_CHANGED: {
    message: 'The run in {folder} was started with another configuration; these keys differ: {keys}.',
    hint: 'Restore the run file, or start a new run under another id.',
    exit: 2,
  },
  LISTEN_NOT_LOOPBACK: {
    message: '{at}: listening on {host} would let other machines connect without TLS.',
    hint: 'Set `listen.tls` with `certificate` and `key`, or pass --dev-certificate; --insecure if the network is yours alone.',
    exit: 2,
  },
  CERTIFICATE_BROKEN: { message: '{at}: {file} cannot be used: {problem}', hint: '{remedy}', exit: 2 },
  RUN_UNKNOWN: {
    message: 'There is no run {run}.',
    hint: 'Name a run folder, or a run of the folder {runs}: {known}.',
    exit: 2,
  },
  RUN_AMBIGUOUS: {
    message: '{count} runs in {runs} are live, and none was named.',
    hint: 'Name one: {known}.',
    exit: 2,
  },
  MODEL_MISSING: { message: '{at} holds no trained model: {problem}.', hint: '{remedy}', exit: 2 },
  MODEL_OTHER: {
    message: 'The model in {file} does not fit this client file: {problem}.',
    hint: 'Pass the client file that it was exported with, or export it again with this one.',
    exit: 2,
  },
  EXPORT_LAYER: {
    message: 'The layer {layer} cannot be written into {format}: {why}.',
    hint: 'Export to a .safetensors file, which holds every layer.',
    exit: 2,
  },
  FILE_EXISTS: {
    message: '{file} is there already.',
    hint: 'Choose another name, or pass --force to write over it.',
    exit: 2,
  },
  RUN_NOT_LIVE: {
    message: 'Nobody holds the run in {folder} now: it cannot be asked to {what}.',
    hint: 'Start it with `coordinator start`, then ask again.',
    exit: 2,
  },
  NODE_TOO_OLD: {
    message: 'Node {found} is too old: Trunkline needs 20.19 or newer.',
    hint: 'Install Node 22 or 24 from nodejs.org or your package manager.',
    exit: 2,
  },
  GPU_ABSENT: {
    message: '{at}: `device: gpu` was asked for, but this machine offers no usable GPU: {reason}',
    hint: 'Install the NVIDIA driver and run `node setup.mjs` again, or set `device: auto`.',
    exit: 2,
  },
  DATA_FILE_MISSING: {
    message: '{at}: the data file {file} does not exist.',
    hint: 'Paths are relative to the file that names them: correct the path or put the file there.',
    exit: 2,
  },
  DATA_FILE_BROKEN: {
    message: '{file}: this is not a readable {format} file: {problem}',
    hint: 'The file may be truncated or of another format: fetch or export it again.',
    exit: 2,
  },
  DATA_ARRAY_MISSING: { message: '{at}: {file} holds no array `{array}`.', hint: 'Its arrays: {known}.', exit: 2 },
  DATA_SHAPE: {
    message: '{at}: `{array}` in {file} has shape [{found}]; expected {expected}.',
    hint: '{remedy}',
    exit: 2,
  },
  DATA_LABEL_RANGE: {
    message: '{file}: `{array}` row {row}: label {found} is not one of the classes {expected}.',
    hint: 'Correct the label or the list of classes; −1, NaN and an empty cell mean "no label".',
    exit: 2,
  },
  DATA_NOT_FINITE: {
    message: '{file}: `{array}` row {row} holds {found}; a finite number is expected.',
    hint: 'Remove or fill the value before training.',
    exit: 2,
  },
  DATA_COLUMN_MISSING: { message: '{at}: {file} has no column `{column}`.', hint: 'Its columns: {known}.', exit: 2 },
  DATA_ROW_BROKEN: {
    message: '{file} line {line}: {problem}',
    hint: 'Correct the line, or set `onBadRow: skip`: such rows are then left out, counted and said.',
    exit: 2,
  },
  DATA_IMAGE_BROKEN: {
    message: '{file}: this image cannot be used: {problem}',
    hint: 'Replace or remove the file, or set `onBadRow: skip`: such images are then left out, counted and said.',
    exit: 2,
  },
  DATA_TARGET_NOT_FINITE: {
    message:
      '{file}: `{array}` row {row} holds {found}; a target must be a finite number, or NaN where its label is missing.',
    hint: 'Correct the value, or leave it out.',
    exit: 2,
  },
  DATA_LOADER: {
    message: '{at}: the loader is wrong: {problem} Expected {expected}.',
    hint: 'A batch has `size` rows: inputs of inputShape for each, and one value of every target.',
    exit: 2,
  },
  CLIENT_MODULE: {
    message: '{file}: this client module cannot be used: {problem}',
    hint: 'It is a TypeScript or JavaScript module whose default export is what `defineClient` of @trunkline/client returns.',
    exit: 2,
  },
  DATA_BOX_OUTSIDE: {
    message: '{file}: `{array}` row {row}: the box [{found}] is not inside its image.',
    hint: 'A box is centre x, centre y, width and height as shares of the image, 0 to 1; NaN where there is none.',
    exit: 2,
  },
  DATA_CLASS_UNSEEN: {
    message: '{at}: the {split} split of {file} has {rows} rows of class {class}, of which there is no training row.',
    hint: 'Set `stratify: true` under `split`, so that every split has every class, or take those rows out.',
    exit: 2,
  },
  DATA_SPLIT_EMPTY: { message: '{at}: the {split} split of {file} is empty.', hint: '{remedy}', exit: 2 },
  DATA_NO_LABELS: {
    message: '{at}: task {task} has no labelled row in its {split} split.',
    hint: 'Check which target the task names; −1, NaN and an empty cell mean "no label".',
    exit: 2,
  },
  TARGET_UNKNOWN: {
    message: '{at}: task {task} names the target `{target}`, which its source does not give.',
    hint: 'Targets of the source: {known}.',
    exit: 2,
  },
  BATCH_SIZE_DIFFERS: {
    message: '{at}: tasks {tasks} share one source but ask for batch sizes {found}.',
    hint: 'Put one `batchSize` beside the source.',
    exit: 2,
  },
  RELAY_MODE: {
    message: 'A relay cannot take part in the run {run}: its mode is {mode}.',
    hint: 'Relays are for `mode: sync` that waits. Let the clients join the coordinator themselves.',
    exit: 2,
  },
  METRIC_UNKNOWN: {
    message: '{at}: there is no metric `{metric}` for this head.',
    hint: 'Metrics for this head: {known}.',
    exit: 2,
  },
} as const satisfies Record<string, Definition>;
