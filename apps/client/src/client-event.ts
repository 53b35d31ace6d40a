/** What a client tells about itself while it runs. */
export type ClientEvent =
  | { event: 'loaded'; client: string; tasks: { id: string; rows: Record<string, number> }[]; notes: string[] }
  | { event: 'joined'; run: string; round: number; backend: string; url: string }
  | { event: 'waiting'; phase: string; round: number; waitingFor: number }
  | { event: 'round'; round: number; losses: Record<string, number | null> }
  | {
      event: 'scores';
      version: number;
      split: string;
      scores: Record<string, Record<string, number | null>>;
      /** SHA-256 of each head and adapter. */
      digests: Record<string, string>;
    }
  | { event: 'lost'; reason: string }
  | { event: 'rewound'; round: number; attempt: number }
  /** Heads and adapters are those saved at this round. */
  | { event: 'continued'; round: number }
  /** The run is under way, and this client holds no state of it: it begins with new heads. */
  | { event: 'anew'; round: number }
  /** Something in the state folder cannot be used, and was set aside. */
  | { event: 'set-aside'; file: string; problem: string };
