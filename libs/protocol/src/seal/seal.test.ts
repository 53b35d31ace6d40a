import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { ContributionMessage } from '../messages/index.ts';
import { identityFromSecret, identityFromSeed, verifierOf } from './identity.ts';
import { readToken, writeToken } from './invitation.ts';
import { knockText } from './knock-seal.ts';
import { contributionText } from './message-seal.ts';

const identity = identityFromSeed(new Uint8Array(32).fill(7));
const other = identityFromSeed(new Uint8Array(32).fill(8));

describe('an identity', () => {
  it('gives the signature of RFC 8032 §7.1, test 1', () => {
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
    const signer = identityFromSeed(seed);
    expect(Buffer.from(signer.key, 'base64url').toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    );
    expect(Buffer.from(signer.sign(''), 'base64url').toString('hex')).toBe(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    );
  });

  it('is the same after its secret went through a file', () => {
    const again = identityFromSecret(identity.secret());
    expect(again.key).toBe(identity.key);
    expect(again.sign('x')).toBe(identity.sign('x'));
  });

  it('is refused when its secret is of another kind', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => identityFromSecret(privateKey.export({ format: 'pem', type: 'pkcs8' }) as string)).toThrow(/Ed25519/);
  });

  it('verifies what it signed, and nothing else', () => {
    const verify = verifierOf(identity.key)!;
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(85), (text, different, place) => {
        const signature = identity.sign(text);
        const bent = Buffer.from(signature, 'base64url');
        bent[place % 64]! ^= 1;
        expect(verify(text, signature)).toBe(true);
        expect(verify(text, bent.toString('base64url'))).toBe(false);
        expect(verify(text, other.sign(text))).toBe(false);
        if (text !== different) expect(verify(different, signature)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it('takes no text for a public key or a signature that is none', () => {
    for (const key of ['', 'x', `${identity.key}=`, `${identity.key}A`, ' '.repeat(43)])
      expect(verifierOf(key)).toBeNull();
    for (const signature of ['', 'x', `${identity.sign('')}A`])
      expect(verifierOf(identity.key)!('', signature)).toBe(false);
  });
});

describe('an invitation', () => {
  const claims = { id: 'abcdefgh', client: 'st-anna', expires: 1_000 };
  const token = writeToken(identity, claims);

  it('says for whom it is, until when, and whom to expect', () => {
    expect(readToken(token)).toEqual({ ...claims, coordinator: identity.key });
  });

  it('is nothing any more when any one of its characters is another', () => {
    for (let place = 0; place < token.length; place++) {
      for (const letter of ['A', 'z', '.', '=', ' ']) {
        if (letter === token[place]) continue;
        const bent = token.slice(0, place) + letter + token.slice(place + 1);
        // The last letter of base64url carries bits that no byte has.
        const read = readToken(bent);
        if (read) expect(read).toEqual({ ...claims, coordinator: identity.key });
      }
    }
  });

  it('cannot be made without the key that it names', () => {
    const [, signature] = writeToken(other, claims).split('.');
    expect(readToken(`${token.split('.')[0]}.${signature}`)).toBeNull();
    expect(readToken('x'.repeat(100_000))).toBeNull();
  });
});

it('each field of what is signed changes it', () => {
  const message: ContributionMessage = {
    ...{ round: 3, attempt: 0, kind: 'sum', tasks: ['a', 'b'], bytes: 8, version: 3, encoding: 'f32' },
    sha256: 'ab'.repeat(32),
  };
  const place = { run: 'r', client: 'c' };
  const texts = [
    contributionText(place, message),
    contributionText({ ...place, run: 's' }, message),
    contributionText({ ...place, client: 'd' }, message),
    ...Object.entries({
      round: 4,
      attempt: 1,
      kind: 'probe',
      tasks: ['a'],
      bytes: 4,
      version: 2,
      sha256: 'cd'.repeat(32),
    }).map(([key, value]) => contributionText(place, { ...message, [key]: value })),
  ];
  expect(new Set(texts).size).toBe(10);
  const knock = { nonce: 'n', coordinator: 'k', client: 'c', token: 't' };
  const knocks = [
    knock,
    { ...knock, token: undefined },
    ...['nonce', 'coordinator', 'client', 'token'].map((key) => ({ ...knock, [key]: 'x' })),
  ];
  expect(new Set(knocks.map(knockText)).size).toBe(6);
});
