import { join } from 'node:path';

/** Where the door keeps what it needs, in a run's folder. */
export const doorFiles = (folder: string) => ({
  folder: join(folder, 'admission'),
  key: join(folder, 'admission', 'run.key'),
  roster: join(folder, 'admission', 'roster.jsonl'),
  listening: join(folder, 'admission', 'listening.json'),
  audit: join(folder, 'audit.jsonl'),
});
