import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { firstTrunk, planRun, readRun, type Plan } from '@trunkline/coordinator';
import type { Disk } from '@trunkline/model/store';

/** What the record says of one step. */
interface Closed {
  readonly round: number;
  readonly attempt: number;
  readonly accepted: readonly { client: string; call: number; attempt?: number; age?: number; scale?: number }[];
  readonly sha256: string;
}

interface Given {
  readonly kind: string;
  readonly tasks: readonly string[];
  readonly values: Float32Array;
  /** λ of its client's tasks when it was asked for. */
  readonly lambda: Readonly<Record<string, number>>;
}

/** What a record came to. */
export interface Replayed {
  readonly rounds: number;
  /** SHA-256 of the last trunk. */
  readonly sha256: string;
  /** `client/call/attempt` of every answer that was added, in that order. */
  readonly applied: readonly string[];
  /** SHA-256 of each trunk, the initial one first. */
  readonly trunks: readonly string[];
}

/**
 * The referee for modes whose accepted sets depend on timing: recomputes every trunk of a run folder from its journal, by plain loops that
 * share no code with the coordinator's desks, and compares each with the hash that was written down. Of the library it uses the initial trunk, the
 * optimizer and the strategy's fixed scale, which have referees of their own. The journal must be whole: `keepJournal`.
 * @throws when a step differs, an answer is added twice, or bytes are not what their client hashed
 */
export function replayRecord(folder: string): Replayed {
  return replayPlan(planRun(readRun(join(folder, 'config.yaml'))), join(folder, 'journal'));
}

/** The same of a run that is known, its journal on any disk. @param folder the journal's */
export function replayPlan(plan: Plan, folder: string, disk: Readable = filesystem): Replayed {
  const { strategy, exchange } = plan;
  if (strategy.needs !== 'sum') throw new Error(`strategy ${strategy.name} is not replayed here`);
  const rules: Rules = { exchange, length: plan.trunk.layout.length, scaleOf: (count) => strategy.sumScale!(count) };
  let theta = firstTrunk(plan);
  const optimizer = plan.optimizer.init(theta.length);
  const given = new Map<string, Given[]>();
  const lambdas = new Map<string, Readonly<Record<string, number>>>();
  const applied: string[] = [];
  let rounds = 0;
  const trunks = [hash(new Uint8Array(theta.buffer))];

  for (const { head, body } of recordsIn(folder, disk)) {
    const record = head as { kind: string } & Record<string, never>;
    if (record.kind === 'contribution') {
      const { client, message } = head as { client: string; message: Given & { round: number; attempt: number } };
      if (hash(body) !== (message as unknown as { sha256: string }).sha256)
        throw new Error(`bytes of ${client} for ${message.round} are not those that it hashed`);
      const key = `${client}/${message.round}/${message.attempt}`;
      const values = readValues((message as unknown as { encoding: string }).encoding, body, rules.length);
      const others = (given.get(key) ?? []).filter(
        (one) => one.kind !== message.kind || one.tasks.join() !== message.tasks.join(),
      );
      const lambda = lambdas.get(client)!;
      given.set(key, [...others, { kind: message.kind, tasks: message.tasks, values, lambda }]);
    }
    const asked = (head as { asked?: unknown }).asked;
    for (const { client, lambda } of (asked === undefined ? [] : [asked].flat()) as {
      client: string;
      lambda: Record<string, number>;
    }[])
      lambdas.set(client, lambda);
    if (record.kind !== 'closed') continue;
    const closed = head as Closed;
    if (closed.round !== rounds) throw new Error(`round ${closed.round} follows ${rounds - 1}`);
    const answers = closed.accepted.map(({ client, call, attempt = closed.attempt, scale = 1 }) => {
      const key = `${client}/${call}/${attempt}`;
      if (applied.includes(key)) throw new Error(`${key} is added twice`);
      applied.push(key);
      const rows = given.get(key) ?? [];
      given.delete(key);
      return { client, scale, rows: rows.filter(({ kind }) => kind === 'sum' || kind === 'row') };
    });
    const counted = answers.filter(({ scale }) => scale > 0);
    const direction = exchange === 'sum' ? sumOf(rules, counted) : rowsOf(rules, counted);
    if (direction) {
      theta = theta.slice();
      plan.optimizer.update(theta, direction, optimizer);
    }
    rounds++;
    const found = hash(new Uint8Array(theta.buffer));
    if (found !== closed.sha256)
      throw new Error(
        `step ${closed.round}: ${found.slice(0, 12)} by the record, ${closed.sha256.slice(0, 12)} written`,
      );
    trunks.push(found);
  }
  return { rounds, sha256: trunks.at(-1)!, applied, trunks };
}

type Readable = Pick<Disk, 'read' | 'list'>;

const filesystem: Readable = { read: (path) => readFileSync(path), list: (folder) => readdirSync(folder) };

interface Rules {
  readonly exchange: 'sum' | 'rows';
  readonly length: number;
  /** The strategy's factor for so many tasks. */
  readonly scaleOf: (count: number) => number;
}

/** An answer that counts, in the order in which it was added. */
interface Counted {
  readonly client: string;
  readonly scale: number;
  readonly rows: readonly Given[];
}

const timesOf = (answers: readonly Counted[], client: string): number =>
  answers.filter((answer) => answer.client === client).length;

/** The direction of summed answers; null: nothing was contributed. */
function sumOf({ length, scaleOf }: Rules, answers: readonly Counted[]): Float32Array | null {
  const sum = new Float64Array(length);
  const tasks = new Map<string, number>();
  for (const { client, scale, rows } of answers) {
    const share = scale / timesOf(answers, client);
    for (const { values, tasks: names } of rows) {
      for (let i = 0; i < length; i++) sum[i]! += share * values[i]!;
      tasks.set(client, Math.max(names.length, tasks.get(client) ?? 0));
    }
  }
  if (tasks.size === 0) return null;
  const scale = scaleOf([...tasks.values()].reduce((all, count) => all + count, 0));
  return Float32Array.from(sum, (value) => scale * value);
}

/** The same of rows with fixed weights, by task, then by client; where a client answered more than once, the rounded mean of its rows. */
function rowsOf({ length, scaleOf }: Rules, answers: readonly Counted[]): Float32Array | null {
  const rows = new Map<string, { task: string; client: string; lambda: number; mean: Float64Array }>();
  for (const { client, scale, rows: own } of answers) {
    const share = scale / timesOf(answers, client);
    for (const { tasks, values, lambda } of own) {
      const task = tasks[0]!;
      const mean = rows.get(`${task}/${client}`)?.mean ?? new Float64Array(length);
      for (let i = 0; i < length; i++) mean[i]! += share * values[i]!;
      rows.set(`${task}/${client}`, { task, client, lambda: lambda[task]!, mean });
    }
  }
  const used = [...rows.values()]
    .sort((a, b) => order(a.task, b.task) || order(a.client, b.client))
    .map((row) => ({ ...row, mean: Float32Array.from(row.mean) }))
    .filter(({ mean }) => mean.every(Number.isFinite));
  if (used.length === 0) return null;
  const sum = new Float64Array(length);
  for (const { lambda, mean } of used) {
    const weight = lambda * scaleOf(used.length);
    for (let i = 0; i < length; i++) sum[i]! += weight * mean[i]!;
  }
  return Float32Array.from(sum);
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Records of all segments in order, read without the coordinator's own reader. What a crash left unfinished at an end is left out. */
function* recordsIn(folder: string, disk: Readable): Generator<{ head: unknown; body: Uint8Array }> {
  const names = disk.list(folder).filter((name) => name.endsWith('.journal'));
  for (const name of names.sort()) {
    // What follows a checkpoint does so in its file.
    let skipped = 0;
    const bytes = Buffer.from(disk.read(join(folder, name))!);
    let at = 0;
    while (at + 16 <= bytes.length) {
      const [headBytes, bodyBytes] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
      const end = at + 16 + headBytes + bodyBytes;
      if (end + 1 > bytes.length) break;
      if (crc32(bytes.subarray(at + 16, end)) !== bytes.readUInt32LE(at + 8)) throw new Error(`${name} at ${at}: CRC`);
      const head = JSON.parse(bytes.toString('utf8', at + 16, at + 16 + headBytes)) as {
        kind: string;
        following?: number;
      };
      const body = new Uint8Array(bytes.subarray(at + 16 + headBytes, end));
      // A line feed ends each.
      at = end + 1;
      // What stands behind a checkpoint was in the record before.
      if (head.kind === 'base') skipped = head.following ?? 0;
      else if (skipped > 0) skipped--;
      else yield { head, body };
    }
  }
}

/** What a body holds: float32, or int8 with a scale for each 1024 values in front, as docs/explain/codecs.md says. */
function readValues(encoding: string, body: Uint8Array, length: number): Float32Array {
  if (encoding === 'f32') return new Float32Array(body.slice().buffer);
  if (encoding !== 'int8') throw new Error(`bodies in ${encoding} are not replayed here`);
  const chunks = Math.ceil(length / 1024);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return Float32Array.from(
    { length },
    (_, i) => view.getInt8(chunks * 4 + i) * view.getFloat32(4 * Math.floor(i / 1024), true),
  );
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
