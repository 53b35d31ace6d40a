import type { Job } from '../simulate/job.ts';

/** Arguments of each client with which they answer in the opposite order: the first of them last. */
export function inOtherOrder({ clients }: Job): (client: string) => readonly string[] {
  const names = clients.map(({ config }) => config.client);
  return (client) => ['--delay', String(8 * (names.length - 1 - names.indexOf(client)))];
}
