import { ENCODINGS } from './codec/index.ts';

/**
 * The version of the wire. Two sides talk only when it is equal: before 1.0 there is no promise between versions.
 * Raised whenever a message, an event or the framing changes its meaning.
 */
export const PROTOCOL_VERSION = 3;

/** What this side can do beyond the version's minimum. A capability that the other side does not name is not used. */
export const CAPABILITIES: readonly string[] = [...ENCODINGS, 'rewind', 'probe'];
