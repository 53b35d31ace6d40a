import { usageErrors, type Definition } from './usage-errors.ts';

/**
 * Every error that Trunkline can raise: code → sentence, remedy, exit code. The one list, with those of exit code 2 in usage-errors.ts; nothing
 * else may invent a code.
 *
 * Sentences say which value, what was expected and what was found; hints say what to do. `{name}` is a value given at the
 * throw, and the compiler checks that all of them are given. A code is never reused for another meaning.
 *
 * Exit codes: 1 unexpected · 2 usage or configuration · 10s connection · 20s admission · 30s protocol · 40s training · 50s storage · 130 interrupted.
 */
export const errors = {
  UNEXPECTED: {
    message: '{what}',
    hint: 'This is a defect of Trunkline: please report it with the text above.',
    exit: 1,
  },

  ...usageErrors,

  // 10s: connection -------------------------------------------------------------------------------------------------
  COORDINATOR_UNREACHABLE: {
    message: 'No coordinator answers at {url}: {reason}',
    hint: 'Check the address, and that the coordinator is running (`coordinator status`).',
    exit: 10,
  },
  PORT_IN_USE: {
    message: '{at}: port {port} on {host} is in use by another program.',
    hint: 'Choose another with --port N, or `port: 0` for any free one.',
    exit: 11,
  },
  LISTEN_FAILED: {
    message: '{at}: cannot listen on {host}, port {port}: {reason}',
    hint: 'Correct `listen` in the run file: an address of this machine, and a port that this user may take.',
    exit: 11,
  },
  CONNECTION_LOST: {
    message: 'The connection to {url} was lost and did not come back within {seconds} s.',
    hint: 'Check the network and the coordinator, then join again.',
    exit: 12,
  },
  WAITED_TOO_LONG: {
    message: 'Waited {seconds} s for {missing}; the run stops here.',
    hint: 'Start the missing clients and the run again, or raise `giveUpAfterMs`.',
    exit: 13,
  },

  COORDINATOR_UNTRUSTED: {
    message: 'The certificate at {url} is not trusted: {reason}',
    hint: 'Pass --ca FILE with the certificate that who runs the coordinator gave you, and use the name that stands in it.',
    exit: 14,
  },
  COORDINATOR_NOT_INVITER: {
    message: 'The coordinator at {url} is not the one that wrote this invitation.',
    hint: 'Check the address. If the run was started anew in another folder, ask for a new invitation.',
    exit: 15,
  },

  CONTROL_SILENT: {
    message: 'The coordinator of {folder} is there but did not answer within {seconds} s.',
    hint: 'It may be busy with a large trunk: try again. If it stays so, end the process and start the run again; it goes on by itself.',
    exit: 16,
  },

  // 20s: admission --------------------------------------------------------------------------------------------------
  PROTOCOL_VERSION: {
    message: 'The client speaks protocol {found}, the coordinator {expected}.',
    hint: 'Install the same Trunkline release on both sides.',
    exit: 20,
  },
  ADMISSION_REFUSED: {
    message: 'The coordinator refused this client: {reason}',
    hint: 'Ask who runs the coordinator for an invitation.',
    exit: 21,
  },
  TASK_DUPLICATE: {
    message: '{at}: task `{task}` is already served by client {other}.',
    hint: 'Choose another id, or, where both train the same task, set `replica: true` at each of them.',
    exit: 22,
  },
  TRUNK_DIFFERS: {
    message: '{at} was built for another trunk: it holds {found}, the run uses {expected}.',
    hint: 'Use another `state` folder for this run, or join the coordinator the state belongs to.',
    exit: 23,
  },
  TRUNK_INPUT: {
    message: '{at}: task {task}: its adapter gives shape [{found}], the trunk takes [{expected}].',
    hint: 'Correct the adapter in the client file so that it ends in the shape that the trunk takes.',
    exit: 23,
  },
  TASK_UNEXPECTED: {
    message: '{at}: the run does not expect the task `{task}`.',
    hint: 'Expected tasks: {known}. Correct the id, or add it to `expect` in the run file.',
    exit: 24,
  },
  CLIENT_DUPLICATE: {
    message: 'A client named `{client}` is connected already.',
    hint: 'Give this client another name, or stop the other one.',
    exit: 25,
  },
  CLIENT_KEY_DIFFERS: {
    message: 'The name `{client}` belongs to a client with another key ({expected}…) than this one ({found}…).',
    hint: 'Use the `state` folder that {client} first joined with. If it is lost, who runs the coordinator does `coordinator revoke {client}` and `coordinator invite {client}`; another client takes another name.',
    exit: 26,
  },
  CLIENT_REVOKED: {
    message: 'The coordinator no longer admits the client `{client}`.',
    hint: 'Ask who runs the coordinator; `coordinator invite {client}` lets it in again.',
    exit: 27,
  },
  INVITATION_EXPIRED: {
    message: 'The invitation of {client} expired on {at}.',
    hint: 'Ask who runs the coordinator for a new one: `coordinator invite {client}`.',
    exit: 28,
  },
  INVITATION_USED: {
    message: 'The invitation of {client} was used already, or withdrawn.',
    hint: 'If this client joined with it before, use the `state` folder that holds its key; otherwise ask for a new invitation.',
    exit: 28,
  },
  CHALLENGE_STALE: {
    message: 'The handshake answers a challenge that is too old, was answered already, or is another coordinator’s.',
    hint: 'Join again; if it happens again, look for a program between the two sides that repeats or delays requests.',
    exit: 29,
  },
  COORDINATOR_BUSY: {
    message: 'Too many clients came in within the last moments.',
    hint: 'It passes by itself: the client tries again.',
    exit: 29,
  },

  // 30s: protocol ---------------------------------------------------------------------------------------------------
  MESSAGE_INVALID: {
    message: 'Message `{event}` does not have the agreed form: {problem}',
    hint: 'Install the same Trunkline release on both sides.',
    exit: 30,
  },
  MESSAGE_TOO_LARGE: {
    message: '`{event}` announces {found} bytes; the limit here is {expected}.',
    hint: 'Install the same Trunkline release on both sides.',
    exit: 31,
  },
  CONTRIBUTION_STALE: {
    message: 'A contribution for round {found} arrived; the open round is {expected}.',
    hint: 'It was not counted; the client goes on with the open round.',
    exit: 32,
  },
  CONTRIBUTION_HASH: {
    message: 'The contribution of {client} for round {round} does not match its SHA-256.',
    hint: 'The bytes changed on the way; the client sends them again.',
    exit: 33,
  },
  CONTRIBUTION_NOT_FINITE: {
    message: 'The sum of {client} for round {round} holds a value that is not finite.',
    hint: 'Lower the learning rate or clip the gradient.',
    exit: 34,
  },
  CODED_INVALID: {
    message: '{what} is not what its codec `{encoding}` writes: {problem}.',
    hint: 'It was not used. Install the same Trunkline release on both sides.',
    exit: 30,
  },
  CONTRIBUTION_EQUIVOCAL: {
    message: 'Client {client} sent two different contributions for round {round} under one id.',
    hint: 'The first one counts. A client that repeats itself must send the same bytes.',
    exit: 37,
  },
  CONTRIBUTION_SEAL: {
    message: 'The {event} of {client} for round {round} does not carry the signature of its key.',
    hint: 'It was not counted. Install the same Trunkline release on both sides; if both have it, somebody changed the message.',
    exit: 38,
  },
  CONTRIBUTION_NORM: {
    message: 'The {kind} of {client} for round {round} has the norm {found}; `maxNorm` allows {expected}.',
    hint: 'It was not counted. Clip the gradient, lower the learning rate, or raise `maxNorm` in the run file.',
    exit: 39,
  },
  UPLOAD_BUDGET: {
    message: 'Client {client} announces {found} bytes in all; it may have {expected} under way.',
    hint: 'A client waits for credit before it announces a contribution: install the same Trunkline release on both sides.',
    exit: 31,
  },
  REFUSALS_EXHAUSTED: {
    message:
      'Client {client} sent more messages that had to be refused than any client in order does; the last one: {last}',
    hint: 'Install the same Trunkline release on both sides; if both have it, look into what the client sends.',
    exit: 31,
  },
  FRAME_REFUSED: {
    message: 'A frame of {client} cannot be a message: {problem}',
    hint: 'Install the same Trunkline release on both sides, with nothing between them that changes what they send.',
    exit: 30,
  },
  REQUEST_NOT_AGREED: {
    message: 'The coordinator asks for {asked}; this client agreed to {agreed}.',
    hint: 'Nothing was sent for it, and this client left the run. Ask who runs the coordinator; join again to see what the run wants now.',
    exit: 30,
  },
  CONTRIBUTION_UNKNOWN: {
    message: 'Chunk {index} of transfer {transfer} was not announced or not due.',
    hint: 'Install the same Trunkline release on both sides.',
    exit: 35,
  },
  TRUNK_HASH: {
    message: 'The trunk received for version {version} does not match its SHA-256.',
    hint: 'The bytes changed on the way; join again.',
    exit: 36,
  },

  // 40s: training ---------------------------------------------------------------------------------------------------
  TASK_DIVERGED: {
    message:
      'The loss of task {task} at client {client} was not finite for {rounds} rounds running (last: round {round}).',
    hint: 'Lower the learning rate, or set `clipNorm`; the last good checkpoint is kept.',
    exit: 40,
  },
  BACKEND_FAILED: {
    message: 'The {backend} backend cannot train this model: {reason}',
    hint: 'Run `npm run doctor` to see what is missing.',
    exit: 41,
  },
  CLIENT_FAILED: { message: 'Client {client} ended {how}: {reason}', hint: '{remedy}', exit: 42 },
  TRAINER_CRASHED: {
    message: 'The training thread ended unexpectedly: {reason}',
    hint: 'Run `npm run doctor`; join again to go on.',
    exit: 43,
  },

  // 50s: storage ----------------------------------------------------------------------------------------------------
  STORAGE_FAILED: {
    message: 'Could not write {file}: {reason}',
    hint: 'Check free space and permissions of the folder.',
    exit: 50,
  },
  SNAPSHOT_BROKEN: { message: '{file} is damaged: {problem}', hint: 'Use the checkpoint before it.', exit: 51 },
  FOLDER_BROKEN: {
    message: 'The run in {folder} cannot go on: {problem}',
    hint: 'Restore the folder from a backup that is newer than what its clients hold, or start anew with --runs DIR.',
    exit: 51,
  },
  RUN_LOCKED: {
    message: 'Another coordinator holds the run in {folder}: process {pid}.',
    hint: 'Use that one (`coordinator status`), or end it first (`coordinator stop`, or Ctrl-C in its terminal).',
    exit: 54,
  },
  FOLDER_FORMAT: {
    message: '{file} was written in format {found}; this release reads format {expected}.',
    hint: 'Go on with the release that wrote it, or start anew in another folder.',
    exit: 55,
  },
  RUN_OLDER: {
    message:
      'Client {client} has trained to round {found} of this run, of which this coordinator’s folder knows nothing (it knows of round {expected}).',
    hint: 'The folder is an older backup, or a copy: put the newest one back and start again. To train anew from here, start under another run id, where clients begin with new heads.',
    exit: 56,
  },
  KEY_BROKEN: { message: '{file} is not a usable key: {problem}', hint: '{remedy}', exit: 52 },
  ROSTER_BROKEN: {
    message: '{file} line {line} is damaged: {problem}',
    hint: 'Nobody is let in by a record that cannot be trusted: restore the file from a backup, or start a new run and invite its clients.',
    exit: 53,
  },
  AUDIT_BROKEN: {
    message: '{file}: the audit log is not as it was written: {problem}',
    hint: 'Keep a copy as evidence. To go on, move the file and audit-head.json away: a new log begins.',
    exit: 54,
  },

  JOURNAL_DAMAGED: {
    message: '{file} is damaged at byte {offset}: {problem}.',
    hint: 'Acknowledged contributions may be in it: restore the folder `journal` from a backup. Without one, move that folder away and start again: the run goes on from its newest checkpoint, and what was counted since then is lost.',
    exit: 56,
  },
  JOURNAL_VERSION: {
    message: '{file} has journal format {found}; this version reads {expected}.',
    hint: 'Go on with the Trunkline release that wrote it.',
    exit: 57,
  },
  JOURNAL_REPLAY: {
    message: 'The journal’s step of round {round} gives trunk {found} where {expected} was written down.',
    hint: 'Go on with the Trunkline release, Node version and kind of processor that wrote it: manifest.json names them.',
    exit: 58,
  },
  OUTBOX_VERSION: {
    message: '{file} has outbox format {found}; this version reads {expected}.',
    hint: 'Go on with the Trunkline release that wrote it.',
    exit: 57,
  },

  // 130: interrupted ------------------------------------------------------------------------------------------------
  INTERRUPTED: { message: 'Interrupted before the end.', hint: 'Start it again.', exit: 130 },
} as const satisfies Record<string, Definition>;

export type ErrorCode = keyof typeof errors;
