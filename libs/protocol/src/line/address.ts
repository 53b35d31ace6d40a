import { fail } from '../index.ts';

/** Host and port alone: a path would be taken for something else by the socket. @throws USAGE for what is no address */
export function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^(https?|wss?):$/.test(url.protocol)) return url.origin;
  throw fail('USAGE', {
    what: `${text}: expected the address of a coordinator.`,
    remedy: 'Write it as the coordinator said it, for example http://127.0.0.1:4100.',
  });
}
