import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { limits, PROTOCOL_VERSION, type Clock } from '@trunkline/protocol';
import { identityFromSeed, knockText, openKeyFile, writeToken, type Identity } from '@trunkline/protocol/seal';
import { randomStream } from '@trunkline/model/random';
import { admit, type AdmissionDeps, type Knock } from './admission.ts';
import { createChallenges, type Challenges } from './challenges.ts';
import { doorFiles } from './door-files.ts';
import { hoursOf, invite, revoke } from './invitations.ts';
import { openRoster, type Roster } from './roster.ts';

const temporary = mkdtempSync(join(tmpdir(), 'trunkline-admission-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const chance = randomStream(1, 'door');
const random = (count: number) => Uint8Array.from({ length: count }, () => chance.below(256));
const person = () => identityFromSeed(random(32));

let count = 0;
let folder: string;
let now: number;
let clock: Clock;
let run: Identity;
let roster: Roster;
let challenges: Challenges;
let deps: AdmissionDeps;
beforeEach(() => {
  folder = join(temporary, String(count++));
  now = 1_000_000;
  clock = { now: () => now, date: () => new Date(now), after: () => () => undefined, soon: (then) => then() };
  run = openKeyFile(doorFiles(folder).key, () => random(32));
  roster = openRoster(doorFiles(folder).roster);
  challenges = createChallenges({ clock, random });
  deps = { key: run.key, roster, challenges, clock, invitations: true, connected: () => false };
});

const invited = (client: string, hours = 24): string =>
  invite(client, { folder, now: new Date(now), hours, random }).token;

interface Shown {
  readonly client?: string;
  readonly token?: string | undefined;
  readonly nonce?: string;
}
/** The handshake of someone who holds `identity`. */
function knocking(identity: Identity, { client = 'st-anna', token, nonce = challenges.issue() }: Shown = {}): Knock {
  const signature = identity.sign(knockText({ nonce, coordinator: run.key, client, token }));
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  return {
    protocol: String(PROTOCOL_VERSION),
    client,
    authorization,
    key: identity.key,
    nonce,
    signature,
    address: '',
  };
}

const answer = (knock: Knock): string => {
  try {
    return `admitted ${admit(knock, deps).client}`;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('an invited client', () => {
  it('comes in once with its token, then with its key alone; nobody else comes in with either', () => {
    const token = invited('st-anna');
    const [anna, thief] = [person(), person()];
    expect(answer(knocking(anna, { token }))).toBe('admitted st-anna');
    expect(answer(knocking(anna))).toBe('admitted st-anna');
    expect(answer(knocking(anna, { token }))).toBe('admitted st-anna');
    expect(answer(knocking(thief, { token }))).toBe('INVITATION_USED');
    expect(answer(knocking(thief))).toBe('ADMISSION_REFUSED');
    expect(answer(knocking(anna, { client: 'north' }))).toBe('ADMISSION_REFUSED');
  });

  it('is let in by a roster that another process wrote into, and by one that was opened anew', () => {
    const anna = person();
    expect(answer(knocking(anna))).toBe('ADMISSION_REFUSED');
    const token = invited('st-anna');
    expect(answer(knocking(anna, { token }))).toBe('admitted st-anna');
    deps = { ...deps, roster: openRoster(doorFiles(folder).roster) };
    expect(answer(knocking(anna))).toBe('admitted st-anna');
  });

  it('is not let in after its invitation expired, was replaced by another, or was revoked', () => {
    const anna = person();
    const first = invited('st-anna');
    const second = invited('st-anna');
    expect(answer(knocking(anna, { token: first }))).toBe('INVITATION_USED');
    now += 25 * 3_600_000;
    expect(answer(knocking(anna, { token: second }))).toBe('INVITATION_EXPIRED');
    const third = invited('st-anna');
    revoke('st-anna', { folder, now: new Date(now) });
    expect(answer(knocking(anna, { token: third }))).toBe('INVITATION_USED');
  });

  it('that was revoked comes in again only with an invitation from after that', () => {
    const anna = person();
    const token = invited('st-anna');
    expect(answer(knocking(anna, { token }))).toBe('admitted st-anna');
    revoke('st-anna', { folder, now: new Date(now) });
    expect(answer(knocking(anna))).toBe('CLIENT_REVOKED');
    expect(answer(knocking(anna, { token }))).toBe('CLIENT_REVOKED');
    const again = invited('st-anna');
    expect(answer(knocking(anna))).toBe('CLIENT_REVOKED');
    expect(answer(knocking(anna, { token: again }))).toBe('admitted st-anna');
  });

  it('cannot be invited while its key is known, nor revoked when nobody knows it', () => {
    const token = invited('st-anna');
    answer(knocking(person(), { token }));
    expect(() => invited('st-anna')).toThrow(/needs no invitation/);
    expect(() => revoke('north', { folder, now: new Date(now) })).toThrow(/Nobody named north/);
  });
});

describe('where anyone may come in', () => {
  beforeEach(() => {
    deps = { ...deps, invitations: false };
  });

  it('a name belongs to the first key that came with it', () => {
    const anna = person();
    expect(answer(knocking(anna))).toBe('admitted st-anna');
    expect(answer(knocking(person()))).toBe('CLIENT_KEY_DIFFERS');
    expect(answer(knocking(person(), { client: 'north' }))).toBe('admitted north');
    expect(answer(knocking(anna))).toBe('admitted st-anna');
  });

  it('a revoked name does not come back with another key', () => {
    answer(knocking(person()));
    revoke('st-anna', { folder, now: new Date(now) });
    expect(answer(knocking(person()))).toBe('CLIENT_REVOKED');
  });

  it('nobody new comes in uninvited as soon as somebody was invited', () => {
    const anna = person();
    expect(answer(knocking(anna))).toBe('admitted st-anna');
    invited('north');
    expect(answer(knocking(person(), { client: 'south' }))).toBe('ADMISSION_REFUSED');
    expect(answer(knocking(anna))).toBe('admitted st-anna');
  });
});

describe('a challenge', () => {
  it('is answered once, soon, and where it was handed out', () => {
    const anna = person();
    answer(knocking(anna, { token: invited('st-anna') }));
    const once = knocking(anna);
    expect(answer(once)).toBe('admitted st-anna');
    expect(answer(once)).toBe('CHALLENGE_STALE');
    const late = knocking(anna);
    now += limits.challengeMs + 1;
    expect(answer(late)).toBe('CHALLENGE_STALE');
    const elsewhere = createChallenges({ clock, random }).issue();
    expect(answer(knocking(anna, { nonce: elsewhere }))).toBe('CHALLENGE_STALE');
  });

  it('is remembered in bounded memory: past it nobody comes in, until the oldest is too old anyway', () => {
    for (let i = 0; i < limits.challengesHeld; i++) expect(challenges.spend(challenges.issue())).toBe(true);
    const anna = person();
    const token = invited('st-anna');
    expect(answer(knocking(anna, { token }))).toBe('COORDINATOR_BUSY');
    now += limits.challengeMs + 1;
    expect(answer(knocking(anna, { token }))).toBe('admitted st-anna');
  });
});

it('1,000 wrong, stolen, expired, replayed and revoked credentials: nobody is admitted', () => {
  const [anna, bert, thief] = [person(), person(), person()];
  const token = invited('st-anna');
  const seen = knocking(anna, { token });
  expect(answer(seen)).toBe('admitted st-anna');
  const revoked = invited('bert');
  expect(answer(knocking(bert, { client: 'bert', token: revoked }))).toBe('admitted bert');
  revoke('bert', { folder, now: new Date(now) });
  const expired = invited('carl', 1);
  now += 3_700_000;
  const open = invited('dora');
  const forger = person();
  const claims = { id: 'AAAAAAAAAAAA', client: 'eve', expires: now + 1e9 };
  const bent = (text: string) => {
    const bytes = Buffer.from(text, 'base64url');
    bytes[chance.below(bytes.length)]! ^= 1 << chance.below(8);
    return bytes.toString('base64url');
  };
  const attempts: (() => Knock)[] = [
    () => knocking(person()),
    () => knocking(thief, { token }),
    () => seen,
    () => ({ ...knocking(anna), key: thief.key }),
    () => ({ ...knocking(thief), key: anna.key }),
    () => ({ ...knocking(anna), signature: bent(knocking(anna).signature!) }),
    () => ({ ...knocking(anna), nonce: bent(challenges.issue()) }),
    () => ({ ...knocking(anna), nonce: challenges.issue() }),
    () => ({ ...knocking(anna), client: 'dora' }),
    () => ({ ...knocking(thief, { client: 'dora' }), authorization: `Bearer ${open}` }),
    () => knocking(thief, { client: 'eve', token: open }),
    () => knocking(thief, { client: 'eve', token: writeToken(forger, claims) }),
    () => knocking(thief, { client: 'eve', token: writeToken(run, claims) }),
    () => knocking(bert, { client: 'bert', token: revoked }),
    () => knocking(bert, { client: 'bert' }),
    () => knocking(thief, { client: 'carl', token: expired }),
    () => knocking(thief, { client: 'dora', token: `${open.split('.')[0]}.${bent(open.split('.')[1]!)}` }),
    () => ({ ...knocking(anna), protocol: '0' }),
    () => ({ ...knocking(anna), client: '../st-anna' }),
    () => ({ ...knocking(anna), signature: undefined }),
  ];
  const answers = Array.from({ length: 1_000 }, (_, i) => answer(attempts[i % attempts.length]!()));
  expect(answers.filter((one) => one.startsWith('admitted'))).toEqual([]);
  expect(new Set(answers)).toEqual(
    new Set([
      ...['ADMISSION_REFUSED', 'INVITATION_USED', 'CHALLENGE_STALE', 'CLIENT_REVOKED', 'INVITATION_EXPIRED'],
      'PROTOCOL_VERSION',
    ]),
  );
  // The test of the test: who belongs here still comes in.
  expect(answer(knocking(anna))).toBe('admitted st-anna');
  expect(answer(knocking(person(), { client: 'dora', token: open }))).toBe('admitted dora');
});

describe('a roster', () => {
  const file = () => doorFiles(folder).roster;
  const entry = (client: string) =>
    ({ kind: 'pinned', at: new Date(0).toISOString(), client, key: person().key, invitation: null }) as const;

  it('does not count a line that a crash cut off, and goes on behind it', () => {
    roster.append(entry('north'));
    appendFileSync(file(), '{"kind":"revoked","cl');
    const again = openRoster(file());
    expect(again.of('north')?.revoked).toBe(false);
    again.append(entry('south'));
    expect([...openRoster(file()).clients.keys()]).toEqual(['north', 'south']);
    roster.refresh();
    expect(roster.of('south')?.revoked).toBe(false);
  });

  it('lets nobody in when it was damaged', () => {
    roster.append(entry('north'));
    roster.append(entry('south'));
    writeFileSync(file(), readFileSync(file(), 'utf8').replace('"pinned"', '"pinnes"'));
    expect(() => openRoster(file())).toThrow(/line 1 is damaged/);
    writeFileSync(file(), '');
    expect(() => roster.refresh()).toThrow(/became shorter/);
  });
});

it('a time is read as 12h, 7d or 2w, and as nothing else', () => {
  expect(['12h', '7d', '2w'].map(hoursOf)).toEqual([12, 168, 336]);
  for (const text of ['', '7', 'd', '0h', '-1d', '7 d', '999d', '1.5h'])
    expect(() => hoursOf(text)).toThrow(/expected a time/);
});
