import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** A key pair that someone is known by: Ed25519 (RFC 8032), signatures of 64 bytes, deterministic. */
export interface Identity {
  /** The 32 bytes of the public key, base64url: 43 characters. */
  readonly key: string;
  /** Signs a text; base64url, 86 characters. */
  sign(text: string): string;
  /** The private key as PKCS #8 in PEM. It belongs into a file that only its owner can read, and nowhere else. */
  secret(): string;
}

/** PKCS #8 of an Ed25519 key (RFC 8410 §7) up to its 32 secret bytes. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const KEY = /^[A-Za-z0-9_-]{43}$/;
const SIGNATURE = /^[A-Za-z0-9_-]{86}$/;

/** @param seed 32 bytes of good randomness; the same bytes are the same identity */
export function identityFromSeed(seed: Uint8Array): Identity {
  if (seed.byteLength !== 32) throw new RangeError(`an Ed25519 seed has 32 bytes, not ${seed.byteLength}`);
  return identityOf(createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' }));
}

/** @param pem what `secret` gave @throws Error where it is no Ed25519 private key */
export function identityFromSecret(pem: string): Identity {
  const secret = createPrivateKey(pem);
  if (secret.asymmetricKeyType !== 'ed25519') throw new TypeError('it is not an Ed25519 key');
  return identityOf(secret);
}

function identityOf(secret: KeyObject): Identity {
  return {
    key: createPublicKey(secret).export({ format: 'jwk' }).x!,
    sign: (text) => sign(null, Buffer.from(text), secret).toString('base64url'),
    secret: () => secret.export({ format: 'pem', type: 'pkcs8' }) as string,
  };
}

/** Whether a signature of a text was made with the secret of one public key. */
export type Verifier = (text: string, signature: string) => boolean;

/** Reads a public key once, for many checks; null where it is none. */
export function verifierOf(key: string): Verifier | null {
  if (!KEY.test(key)) return null;
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key }, format: 'jwk' });
  } catch {
    return null;
  }
  return (text, signature) =>
    SIGNATURE.test(signature) && verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64url'));
}

/** What people compare: the first 16 characters of a public key. */
export const fingerprint = (key: string): string => key.slice(0, 16);
