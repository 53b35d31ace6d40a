import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDecodeThreads, decodeHere } from './image-threads.ts';

const file = (name: string) => join(import.meta.dirname, 'fixtures', name);
const form = { size: [6, 8], channels: 3, scale: 255 } as const;

describe('decoding threads', () => {
  it('give the bytes that decoding here gives, every image to who asked for it', async () => {
    const decode = createDecodeThreads(2);
    const names = [
      'blood.jpg',
      'depths/rgb8.png',
      'depths/grey16.png',
      'greek/character01/0394_01.png',
      'depths/palette.png',
    ];
    const [there, here] = await Promise.all(
      [decode, decodeHere].map((way) => Promise.all([...names, ...names].map((name) => way(file(name), form)))),
    );
    expect(there).toEqual(here);
  });

  it('say what is wrong with an image in the words of decoding here, and go on', async () => {
    const decode = createDecodeThreads(1);
    const words = async (way: typeof decode) => way(file('students.csv'), form).catch((error: Error) => error.message);
    expect(await words(decode)).toBe(await words(decodeHere));
    await expect(decode(file('absent.png'), form)).rejects.toThrow(/ENOENT/);
    expect((await decode(file('depths/rgb8.png'), form)).length).toBe(6 * 8 * 3);
  });
});
