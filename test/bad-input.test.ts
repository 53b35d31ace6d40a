import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errors, type ErrorCode, type ErrorReport } from '@trunkline/protocol';
import { clientFile, commandLine, data, gpu, prepare, runFile, type Case } from './bad-input/cases.ts';
import { tellAll, type Told } from './bad-input/told.ts';
import { ROOT } from './simulate/child.ts';

/**
 * What users do wrong, each by the command that they type. Two more, a Node that is too old and a machine without a compiler, are in
 * setup.test.ts; what only shows once two programs talk is in bad-peers.test.ts.
 */
const groups = { 'a run file': runFile, 'a client file': clientFile, data, 'a command line': commandLine };
// Where there is a driver the GPU is simply used.
const driver = existsSync('/proc/driver/nvidia/version') || existsSync('/dev/nvidiactl');
const all = [...Object.values(groups).flat(), ...(driver ? [] : [gpu])];

let folder: string;
const answers = new Map<Case, Told>();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-bad-input-'));
  const commands = all.map((one, place) => prepare(one, join(folder, String(place))));
  const told = await tellAll(commands);
  told.forEach((one, place) => answers.set(all[place]!, one));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The error as its user reads it, without what differs from machine to machine. */
const said = (one: Case): string =>
  answers
    .get(one)!
    .stderr.slice(answers.get(one)!.stderr.indexOf('error: '))
    .replaceAll(join(folder, String(all.indexOf(one))), '~')
    .replaceAll(ROOT, '.')
    .trimEnd();
const saidAll = (cases: readonly Case[]): string =>
  `\n${cases.map((one) => `${one.title}\n${said(one).replaceAll(/^/gm, '  ')}`).join('\n')}\n`;

describe('bad input is told in one sentence with file, line, value and remedy', () => {
  it('in a run file', () => {
    expect(saidAll(runFile)).toMatchInlineSnapshot(`
      "
      unknown key
        error: ~/run.yaml:8:8: unknown key \`round\`.
          Did you mean \`rounds\`?
          (CONFIG_UNKNOWN_KEY, exit code 2)
      unknown key of a layer
        error: ~/run.yaml:5:22: unknown key \`dense.unit\`.
          Did you mean \`units\`?
          (CONFIG_UNKNOWN_KEY, exit code 2)
      unknown layer
        error: ~/run.yaml:5:14: unknown layer \`dence\`.
          Known layers: dense (the nearest), conv2d, depthwiseConv2d, maxPooling2d, averagePooling2d, globalAveragePooling2d, globalAveragePooling1d, flatten, reshape, activation, dropout, groupNormalization, layerNormalization, embedding, positionalEmbedding, multiHeadAttention, residual, transformerBlock.
          (LAYER_UNKNOWN, exit code 2)
      BatchNormalization
        error: ~/run.yaml:6:27: batchNormalization cannot be part of a trunk: its batch statistics leak between clients and differ from client to client.
          Use groupNormalization or layerNormalization instead.
          (LAYER_REFUSED, exit code 2)
      unknown strategy
        error: ~/run.yaml:7:11: unknown strategy \`pcgrat\`.
          Known strategies: pcgrad (the nearest), weighted-sum, mean, db-mtl, dwa, excess-mtl, famo, geometric-median, gls, graddrop, gradnorm, imtl-l, krum, median, moco, random-weights, scale-invariant, sdmgrad, stch, trimmed-mean, uncertainty, upgrad, nash-mtl, mgda, imtl-g, gradvac, fairgrad, dualproj, config, cagrad, aligned-mtl.
          (STRATEGY_UNKNOWN, exit code 2)
      unknown parameter of a strategy
        error: ~/run.yaml:7:26: unknown key \`strategy.cagrad.d\`.
          Did you mean \`c\`?
          (CONFIG_UNKNOWN_KEY, exit code 2)
      two strategies
        error: ~/run.yaml:7:11: strategy: expected one strategy; found cagrad, pcgrad.
          Name one, for example \`strategy: { cagrad: { c: 0.4 } }\`.
          (CONFIG_INVALID, exit code 2)
      unknown optimizer
        error: ~/run.yaml:6:20: unknown optimizer \`adan\`.
          Known optimizers: adam (the nearest), sgd, momentum, adamw, yogi, adagrad, fed-adam, fed-yogi, fed-adagrad.
          (OPTIMIZER_UNKNOWN, exit code 2)
      unknown parameter of an optimizer
        error: ~/run.yaml:6:36: unknown key \`optimizer.adam.learningrate\`.
          Did you mean \`learningRate\`?
          (CONFIG_UNKNOWN_KEY, exit code 2)
      a key that is missing
        error: ~/run.yaml:1:1: rounds: missing; expected a number.
          Add the key; docs/reference explains it.
          (CONFIG_INVALID, exit code 2)
      a value of another type
        error: ~/run.yaml:8:9: rounds: expected a number; found "many".
          Correct the value; docs/reference explains the key.
          (CONFIG_INVALID, exit code 2)
      not YAML
        error: ~/run.yaml:7:1: this is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]
          Correct the line; indentation is by spaces.
          (CONFIG_SYNTAX, exit code 2)
      a client file that is not there
        error: ~/run.yaml:10:23: clients.1: there is no file west.yaml beside the run file.
          Paths are relative to the run file: correct the path, or put the client file there.
          (CONFIG_INVALID, exit code 2)
      no clients
        error: ~/run.yaml:1:1: clients: a simulation needs client files.
          Add \`clients: [a.yaml, b.yaml]\`.
          (CONFIG_INVALID, exit code 2)
      a task expected that no client brings
        error: ~/run.yaml:9:22: the run expects the task \`birds\`, which no client brings.
          Tasks of the clients: cats, dogs. Correct \`expect\`, or add the client that serves it.
          (EXPECT_UNSERVED, exit code 2)
      a task that is not expected
        error: ~/south.yaml:6:9: the run does not expect the task \`dogs\`.
          Expected tasks: cats. Correct the id, or add it to \`expect\` in the run file.
          (TASK_UNEXPECTED, exit code 24)
      a weight of no task
        error: ~/run.yaml:9:19: weights name the task \`birds\`, which no client brings.
          The tasks of this run: cats, dogs.
          (WEIGHT_UNKNOWN_TASK, exit code 2)
      "
    `);
  });

  it('in a client file', () => {
    expect(saidAll(clientFile)).toMatchInlineSnapshot(`
      "
      unknown key
        error: ~/south.yaml:4:14: unknown key \`data.batchsize\`.
          Did you mean \`batchSize\`?
          (CONFIG_UNKNOWN_KEY, exit code 2)
      unknown optimizer
        error: ~/south.yaml:9:24: unknown key \`tasks.0.optimizer.adan\`.
          Did you mean \`adam\`?
          (CONFIG_UNKNOWN_KEY, exit code 2)
      unknown loss
        error: ~/south.yaml:8:11: tasks.0.loss: expected one of cross-entropy, sigmoid-cross-entropy, mse, huber, mae; found "cross-entropie".
          Did you mean \`cross-entropy\`?
          (CONFIG_INVALID, exit code 2)
      two clients with one task and no replica
        error: ~/south.yaml:6:9: task \`cats\` is already served by client north.
          Choose another id, or, where both train the same task, set \`replica: true\` at each of them.
          (TASK_DUPLICATE, exit code 22)
      one task twice in a client
        error: ~/south.yaml:11:9: tasks.1.id: the id \`dogs\` stands twice in this file.
          Give each task an id of its own.
          (CONFIG_INVALID, exit code 2)
      client name twice
        error: ~/south.yaml:1:9: client: the name \`north\` is that of north.yaml too.
          Give each client a name of its own.
          (CONFIG_INVALID, exit code 2)
      not YAML
        error: ~/south.yaml:6:9: this is not valid YAML: Nested mappings are not allowed in compact mappings
          Correct the line; indentation is by spaces.
          (CONFIG_SYNTAX, exit code 2)
      unknown metric
        error: ~/south.yaml:10:15: there is no metric \`acuracy\` for this head.
          Metrics for this head: accuracy (the nearest), balanced-accuracy, macro-f1, auroc, auprc, log-loss.
          (METRIC_UNKNOWN, exit code 2)
      unknown target
        error: ~/south.yaml:7:13: task dogs names the target \`lable\`, which its source does not give.
          Targets of the source: label (the nearest).
          (TARGET_UNKNOWN, exit code 2)
      "
    `);
  });

  it('in data', () => {
    expect(saidAll(data)).toMatchInlineSnapshot(`
      "
      missing file
        error: ~/south.yaml:3:18: the data file ~/absent-train.npy does not exist.
          Paths are relative to the file that names them: correct the path or put the file there.
          (DATA_FILE_MISSING, exit code 2)
      misnamed array
        error: ~/south.yaml:3:37: fashion.npz holds no array \`train_image\`.
          Its arrays: train_images, train_labels, val_images, val_labels, test_images, test_labels.
          (DATA_ARRAY_MISSING, exit code 2)
      wrong shape
        error: ~/south.yaml:6:5: \`label\` in x-{split}.npy has shape [rows, 4]; expected one class a row.
          For several labels a row use the head \`multilabel\`.
          (DATA_SHAPE, exit code 2)
      other rows than the inputs
        error: ~/south.yaml:3:71: \`test_labels\` in fashion.npz has shape [12, 1]; expected 40 rows, as \`train_images\` has.
          Inputs and targets must have the same rows in the same order.
          (DATA_SHAPE, exit code 2)
      empty split
        error: ~/south.yaml:4:10: the validation split of fashion.npz is empty.
          Of 40 rows or their groups none is left for it: change \`split\`.
          (DATA_SPLIT_EMPTY, exit code 2)
      label out of range
        error: x-{split}.npy: \`label\` row 3 of y-val.npy: label 7 is not one of the classes no, yes.
          Correct the label or the list of classes; −1, NaN and an empty cell mean "no label".
          (DATA_LABEL_RANGE, exit code 2)
      label out of range, in npz
        error: fashion.npz: \`label\` row 0 of train_labels: label 9 is not one of the classes no, yes.
          Correct the label or the list of classes; −1, NaN and an empty cell mean "no label".
          (DATA_LABEL_RANGE, exit code 2)
      NaN feature
        error: x-test.npy: \`x-test.npy\` row 2 holds NaN; a finite number is expected.
          Remove or fill the value before training.
          (DATA_NOT_FINITE, exit code 2)
      infinite feature
        error: x-train.npy: \`x-train.npy\` row 0 holds Infinity; a finite number is expected.
          Remove or fill the value before training.
          (DATA_NOT_FINITE, exit code 2)
      no label at all
        error: ~/south.yaml:6:5: task dogs has no labelled row in its train split.
          Check which target the task names; −1, NaN and an empty cell mean "no label".
          (DATA_NO_LABELS, exit code 2)
      "
    `);
  });

  it('on the command line', () => {
    expect(saidAll(commandLine)).toMatchInlineSnapshot(`
      "
      --set without =
        error: --set rounds: expected KEY=VALUE.
          Write for example --set optimizer.adam.learningRate=0.01
          (USAGE, exit code 2)
      --set with a bad value
        error: --set rounds: rounds: expected a number > 0; found -1.
          Correct the value; docs/reference explains the key.
          (CONFIG_INVALID, exit code 2)
      --set with an unknown key
        error: --set optimizer.adam.lernRate: unknown key \`optimizer.adam.lernRate\`.
          Did you mean \`learningRate\`?
          (CONFIG_UNKNOWN_KEY, exit code 2)
      --set that is not YAML
        error: --set rounds: this is not valid YAML: Flow sequence must end with a ]
          Correct the line; indentation is by spaces.
          (CONFIG_SYNTAX, exit code 2)
      no such run file
        error: There is no file ~/absent.yaml.
          Check the path; it is relative to the folder you call from.
          (CONFIG_MISSING, exit code 2)
      unknown option
        error: unknown option '--seed'.
          Did you mean --seeds?
          (USAGE, exit code 2)
      --seeds 0
        error: --seeds 0: expected a whole number of at least 1.
          Write for example --seeds 3.
          (USAGE, exit code 2)
      a report in a folder that is not there
        error: Could not write ~/none/report.html: there is no folder ~/none
          Check free space and permissions of the folder.
          (STORAGE_FAILED, exit code 50)
      a report of a run without a coordinator
        error: --report draws what a coordinator hears round by round, and --in-process has none: it scores at the end alone, and knows neither clients nor transfers.
          Leave --in-process out: over sockets the run ends in the same bytes.
          (USAGE, exit code 2)
      a report of a run that is not trained
        error: --dry-run trains nothing: it does not go with --report.
          Leave one of the two out.
          (USAGE, exit code 2)
      unknown command
        error: unknown command 'joni'.
          Did you mean join?
          (USAGE, exit code 2)
      missing argument
        error: missing required argument 'run.yaml'.
          Ask with --help for what there is.
          (USAGE, exit code 2)
      --format of another kind
        error: option '--format <text|json>' argument 'xml' is invalid. Allowed choices are text, json.
          Ask with --help for what there is.
          (USAGE, exit code 2)
      --threads 0
        error: --threads 0: expected a whole number of at least 1.
          Write for example --threads 2.
          (USAGE, exit code 2)
      an address that is none
        error: 127.0.0.1:4100: expected the address of a coordinator.
          Write it as the coordinator said it, for example http://127.0.0.1:4100.
          (USAGE, exit code 2)
      coordinator not reachable
        error: No coordinator answers at http://127.0.0.1:9: ECONNREFUSED.
          Check the address, and that the coordinator is running (\`coordinator status\`).
          (COORDINATOR_UNREACHABLE, exit code 10)
      --port out of range
        error: --port 70000: expected a whole number from 0 to 65535.
          Write for example --port 4100; 0 takes any free one.
          (USAGE, exit code 2)
      --port out of range, of a relay
        error: --port 70000: expected a whole number from 0 to 65535.
          Write for example --port 4100; 0 takes any free one.
          (USAGE, exit code 2)
      listening off loopback
        error: --set listen.host: listening on 0.0.0.0 would let other machines connect without TLS.
          Set \`listen.tls\` with \`certificate\` and \`key\`, or pass --dev-certificate; --insecure if the network is yours alone.
          (LISTEN_NOT_LOOPBACK, exit code 2)
      an address of another machine
        error: --set listen.host: cannot listen on 192.0.2.1, port 0: EADDRNOTAVAIL.
          Correct \`listen\` in the run file: an address of this machine, and a port that this user may take.
          (LISTEN_FAILED, exit code 11)
      an expected task that nobody brings
        error: Waited 1 s for task cats, task dogs; the run stops here.
          Start the missing clients and the run again, or raise \`giveUpAfterMs\`.
          (WAITED_TOO_LONG, exit code 13)
      no expect
        error: ~/run.yaml:1:1: \`expect\` is missing: \`coordinator start\` must know which tasks to wait for before round 0.
          Add \`expect: [task, ...]\` to the run file.
          (EXPECT_MISSING, exit code 2)
      "
    `);
  });

  it.skipIf(driver)('where a GPU is asked for and absent', () => {
    expect(said(gpu)).toMatchInlineSnapshot(`
      "error: ~/south.yaml:2:9: \`device: gpu\` was asked for, but this machine offers no usable GPU: no NVIDIA driver is loaded.
        Install the NVIDIA driver and run \`node setup.mjs\` again, or set \`device: auto\`.
        (GPU_ABSENT, exit code 2)"
    `);
  });
});

describe.each(all.map((one) => [one.title, one] as const))('%s', (_, one) => {
  it('ends with its code’s exit code, tells programs the same on stdout, and leaves nothing behind', () => {
    const { code, stdout, stderr } = answers.get(one)!;
    const [name] = /(?<=^ {2}\()[A-Z_]+/m.exec(stderr) ?? [];
    expect(code).toBe(errors[name as ErrorCode].exit);
    const lines = stdout.trim().split('\n');
    const last = JSON.parse(lines.at(-1) || '{}') as { error?: ErrorReport } & ErrorReport;
    const report = last.error ?? last;
    if (one.title !== '--format of another kind') {
      expect(report.code).toBe(name);
      expect(stderr).toContain(`error: ${report.message}\n  ${report.hint}\n`);
    }
    if (last.error) expect(lines).toEqual([JSON.stringify({ schema: 1, status: 'error', error: report })]);
    const left = join(folder, String(all.indexOf(one)), 'runs');
    expect(existsSync(left) ? readdirSync(left) : []).toEqual([]);
  });
});
