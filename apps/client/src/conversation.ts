import { CAPABILITIES, toTrunklineError, type Clock, type CoordinatorMessage } from '@trunkline/protocol';
import {
  agreedFirst,
  createCredit,
  holdTo,
  isStale,
  passesByItself,
  refuseOtherBirth,
  sendAnswer,
  type Answer,
  type CoordinatorHandlers,
  type Link,
  type LinkDeps,
} from '@trunkline/protocol/line';
import { jsonMetrics } from '@trunkline/model/metrics';
import { agreementOf } from './agreement.ts';
import { answerOf, gather, takeBack } from './answer.ts';
import type { ClientConfig } from './config.ts';
import { enter, type EnterDeps, type Entered } from './enter.ts';
import { finishedTask, type ClientOutcome } from './outcome.ts';
import { stepOf } from './step-call.ts';

export interface ConversationDeps extends EnterDeps {
  readonly clock: Clock;
  /** Opens the line to the coordinator. */
  readonly link: (deps: LinkDeps) => Link;
  /** For tests: held up before each answer. */
  readonly delay?: ((round: number) => Promise<void>) | undefined;
}

export interface Client {
  /** How it ended; never rejects. */
  readonly done: Promise<ClientOutcome>;
  /** Tensors and memory of the training thread. */
  memory(): Promise<{ tensors: number; heapUsed: number; arrayBuffers: number }>;
  close(reason?: string): Promise<void>;
}

/** How long a coordinator may take to hear a goodbye. */
const GOODBYE_MS = 1_000;

/** Joins a run and answers its rounds until it ends. Network, training, time and storage are what `deps` says. */
export function converse(config: ClientConfig, deps: ConversationDeps): Client {
  const { trainer, clock } = deps;
  let joined: Entered | undefined;
  let entering: Promise<Entered | undefined> | undefined;
  /** Which line to the coordinator is the present one. */
  let line = 0;
  let answer: Answer | undefined;
  let working: { round: number; attempt: number } | undefined;
  const credit = createCredit();
  let settle: (outcome: ClientOutcome) => void = () => undefined;
  let over = false;
  /** The run is over: an answer still under way is no longer wanted. */
  let farewell = false;
  let leaving = false;
  const done = new Promise<ClientOutcome>((resolve) => (settle = resolve));

  const end = async (outcome: ClientOutcome) => {
    if (over) return;
    over = true;
    link.close();
    await trainer.close();
    settle(outcome);
  };
  /** Says why it goes, to whoever still listens. */
  const goodbye = async (reason: string) => {
    leaving = true;
    let cancel: () => void = () => undefined;
    const bound = new Promise<void>((resolve) => (cancel = clock.after(GOODBYE_MS, resolve)));
    await Promise.race([link.request('leave', { reason: reason.slice(0, 1_024) }).catch(() => undefined), bound]);
    cancel();
  };
  const failWith = (thrown: unknown) => {
    if (over || leaving) return;
    const error = toTrunklineError(thrown);
    const failed = () => end({ kind: 'failed', error });
    // Whoever runs the coordinator sees what it asked for that this client will not do.
    if (error.code === 'REQUEST_NOT_AGREED') void goodbye(error.message).then(failed);
    else void failed();
  };
  const entered = (asked: string): Entered => agreedFirst(leaving ? undefined : joined, asked);
  const allowed = (check: () => unknown): boolean => {
    try {
      check();
      return true;
    } catch (refused) {
      failWith(refused);
      return false;
    }
  };

  const join = async () => {
    const mine = ++line;
    const before = deps.held.at(deps.url);
    const saved = before && { run: before.run, trunk: before.trunk };
    const known = joined ? { run: joined.welcome.run, trunk: joined.trunk.digest } : saved;
    const welcome = await link.request('hello', { capabilities: [...CAPABILITIES], ...known });
    // Where a line broke while this client was still entering, the next one waits for that: entering twice would set heads that already
    // train back to where they stood before.
    if (entering && !joined) await entering;
    if (over || mine !== line) return;
    if (joined) {
      refuseOtherBirth(joined.welcome, welcome);
      const more = joined.agreed.renewed(welcome);
      if (more && !(await deps.agree(agreementOf(welcome, config, deps.url)))) return end({ kind: 'declined' });
      const tasks = config.tasks.map(({ id }) => id);
      if (more) joined = { ...joined, welcome, agreed: holdTo(welcome, tasks) };
    } else {
      joined = await (entering = enter(config, welcome, deps));
      answer = joined?.course.unsent;
    }
    if (!joined) return end({ kind: 'declined' });
    if (mine !== line) return;
    joined.inbox.reset();
    const { offers, machine } = joined;
    const told = joined.course.told();
    const answered = answer && { answered: answer.id };
    const reply = await link.request('join', { tasks: offers, machine, ...answered, ...told });
    deps.emit({ event: 'joined', run: welcome.run, round: reply.round, backend: joined.line, url: deps.url });
    if (!told.stands && reply.round > 0) deps.emit({ event: 'anew', round: reply.round });
  };

  /** Sends an answer. One that comes too late to count is not lost: what its codec made of it goes with the next. */
  const deliver = async (made: Answer) => {
    const { course, compression } = joined!;
    const { turn } = course;
    try {
      await sendAnswer(link, made, credit);
    } catch (thrown) {
      if (isStale(thrown) && turn === course.turn) takeBack(made, compression);
      throw thrown;
    }
  };

  const work = async (call: CoordinatorMessage<'round'>) => {
    const { round, attempt } = call;
    entered(`an answer to round ${round}`).agreed.round(call);
    credit.set(call.credit);
    if (answer?.id.round === round && answer.id.attempt === attempt) {
      // It had said so over a line that is no more.
      if (credit.awaited) await link.request('ready', { round, attempt });
      return deliver(answer);
    }
    // Asked again while still at it: what is under way will be sent.
    if (working?.round === round && working.attempt === attempt) return;
    const mine = { round, attempt };
    working = mine;
    try {
      await learn(call, mine);
    } finally {
      // Only its own mark: after a rewind the next attempt may be under way already.
      if (working === mine) working = undefined;
    }
  };

  const learn = async (call: CoordinatorMessage<'round'>, mine: object) => {
    const { round, attempt } = call;
    const begun = clock.now();
    const { trunk, inbox, course, compression, welcome } = joined!;
    const { turn } = course;
    const { theta, control, done: release } = await inbox.trunk(call.version, attempt, 'learn');
    // The run went back while it came: heads must not step along it any more.
    if (working !== mine) return release();
    const waitMs = clock.now() - begun;
    const saved = call.checkpoint ? course.point({ round, attempt }) : undefined;
    saved?.catch(() => undefined);
    const learned = await trainer.step({ ...stepOf(call, welcome, control), theta }).finally(release);
    const { stepMs } = learned;
    const gathered = await gather(trunk.layout, learned);
    await deps.delay?.(round);
    // A round that can be returned to closes only when all who answered it can.
    await saved;
    // The run went back meanwhile: this answer belongs to no round any more.
    if (working !== mine) return;
    const made = answerOf({ round, attempt }, gathered, compression);
    const sendMs = clock.now() - begun - waitMs - stepMs;
    const next = { ...made, version: call.version, timing: { waitMs, stepMs, sendMs } };
    if (welcome.outbox) await course.keep(next, trunk.digest);
    if (working !== mine) {
      if (turn === course.turn) takeBack(next, compression);
      return;
    }
    course.learned({ round, attempt });
    answer = next;
    working = undefined;
    deps.emit({ event: 'round', round, losses: Object.fromEntries(made.losses.map(({ task, loss }) => [task, loss])) });
    await deliver(answer);
  };

  const evaluate = async (call: CoordinatorMessage<'evaluate'>) => {
    const { version, attempt, split, best } = call;
    entered(`the scores of trunk ${version}`).agreed.evaluate(call);
    const { course, inbox, welcome } = joined!;
    const { turn } = course;
    const { theta, done: release } = await inbox.trunk(version, attempt, 'score');
    // As with a round: what belongs to an attempt that is no more must not be scored with the heads of the new one.
    if (turn !== course.turn) return release();
    const score = async () => {
      const { scores: found, digests } = await trainer.ask('evaluate', {
        version,
        theta,
        split,
        keep: welcome.select === 'best' && split === 'validation',
        ...(best === undefined ? {} : { best }),
      });
      const tasks = found.map(({ task, loss, metrics }) => ({
        task,
        loss: Number.isFinite(loss) ? loss : null,
        metrics: jsonMetrics(metrics),
      }));
      const scores = tasks.map(({ task, metrics }) => finishedTask(config.client, task, metrics));
      return { result: { tasks, digests }, scores };
    };
    const found =
      split === 'test' ? course.ending({ round: version, attempt }, score) : score().then(({ result }) => result);
    const scored = await found.finally(release);
    // The run went back meanwhile: these scores belong to an attempt that is no more.
    if (!scored) return;
    const { tasks, digests } = scored;
    const shown = Object.fromEntries(tasks.map(({ task, metrics }) => [task, metrics]));
    deps.emit({ event: 'scores', version: best ?? version, split, scores: shown, digests });
    await link.request('scores', { version, attempt, split, tasks, digests });
  };

  /** A line that breaks half-way is no failure: the coordinator asks again when it is back. */
  const during = (task: Promise<unknown>) => {
    task.catch((thrown: unknown) => {
      if (!over && !farewell && !passesByItself(thrown)) failWith(thrown);
    });
  };

  const handlers: CoordinatorHandlers = {
    trunk: (message) => entered('room for a trunk').inbox.announce(message),
    chunk: (message, bytes) => entered('room for a trunk').inbox.chunk(message, bytes),
    round: (message) => during(work(message)),
    credit: ({ chunks }) => credit.add(chunks),
    evaluate: (message) => during(evaluate(message)),
    rewind: (message) => {
      if (!allowed(() => entered(`a return to round ${message.round}`))) return;
      answer = undefined;
      working = undefined;
      during(joined!.course.goBack(message));
    },
    status: (message) => deps.emit({ event: 'waiting', ...message }),
    finished: (message) => {
      if (!allowed(() => entered('a farewell').agreed.finished(message))) return;
      farewell = true;
      const { course } = joined!;
      const bye = () => end({ kind: 'finished', run: message, tasks: course.scores });
      during(course.finish(message.rounds).then(bye));
    },
  };
  const link = deps.link({
    handlers,
    connected: () => during(join()),
    lost: (reason) => {
      // Room for an answer belonged to that line: over the next one this client asks for it again.
      credit.set(0);
      deps.emit({ event: 'lost', reason });
    },
    failed: failWith,
  });
  return {
    done,
    memory: () => trainer.ask('memory', {}),
    async close(reason = 'stopped by its user') {
      if (!over) await goodbye(reason);
      await end({ kind: 'stopped' });
    },
  };
}
