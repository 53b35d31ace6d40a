export {
  fingerprint,
  identityFromSecret,
  identityFromSeed,
  verifierOf,
  type Identity,
  type Verifier,
} from './identity.ts';
export { openKeyFile } from './key-file.ts';
export { readToken, writeToken, type Invitation } from './invitation.ts';
export { CHALLENGE_PATH, challengeSchema, knockText, type Challenge } from './knock-seal.ts';
export { answeredText, contributionText, type SealedFor } from './message-seal.ts';
