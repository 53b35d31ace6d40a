import type { Random } from '@trunkline/model/random';
import { mutate } from './mutate.ts';
import { admittedSocket, CONNECT, webSocketFrame } from './raw-line.ts';
import { sessionFrames } from './session-frames.ts';

const bytesOf = (random: Random, most: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: 1 + Math.floor(random.uniform() * most) }, () => random.uniform() * 256));

/** What an admitted client may do wrong on the way: noise under the WebSocket, in its frames, in the packets, before and after the greeting. */
function noise(random: Random): Buffer {
  const kind = random.uniform();
  const greeting = random.uniform() < 0.5 ? [webSocketFrame(CONNECT[0]!)] : [];
  if (kind < 0.25) return bytesOf(random, 400);
  if (kind < 0.5)
    return Buffer.concat([...greeting, webSocketFrame(bytesOf(random, 300), Math.floor(random.uniform() * 16))]);
  if (kind < 0.75) {
    const frames = Array.from({ length: 1 + Math.floor(random.uniform() * 3) }, () =>
      webSocketFrame(mutate(sessionFrames, random)),
    );
    return Buffer.concat([...greeting, ...frames]);
  }
  const broken = Buffer.concat([...greeting, webSocketFrame(mutate(sessionFrames, random))]);
  for (let i = 0; i < 3; i++) broken[Math.floor(random.uniform() * broken.length)] = random.uniform() * 256;
  return broken;
}

/** A coordinator on a busy machine takes only so many in at a time; a client comes again, up to ten seconds long. */
async function patiently<T>(act: () => Promise<T>): Promise<T> {
  for (let left = 100; ; left--) {
    try {
      return await act();
    } catch (error) {
      if (left === 0 || !(error as Error).message.includes('COORDINATOR_BUSY')) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Opens `count` lines one after the other as `client`, sends noise over each and ends it. Resolves with how many came to be. */
export async function makeNoise(
  url: string,
  client: string,
  { count, random }: { count: number; random: Random },
): Promise<number> {
  let opened = 0;
  for (let i = 0; i < count; i++) {
    const socket = await patiently(() => admittedSocket(url, client));
    opened++;
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.resume();
    socket.end(noise(random));
    const patience = setTimeout(() => socket.destroy(), 200);
    await gone;
    clearTimeout(patience);
  }
  return opened;
}
