/**
 * Bugs that the simulator must find, or it proves nothing. Disks that say that bytes are safe when they are not; a coordinator that uses an
 * attempt's number again after a crash; a client whose heads stay as they are when the run goes back; a journal that is said to be on the disk before it is.
 */
export const PLANTED = ['lying-disks', 'attempts-again', 'heads-not-put-back', 'journal-not-awaited'] as const;
export type Planted = (typeof PLANTED)[number];
