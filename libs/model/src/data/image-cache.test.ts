import { describe, expect, it } from 'vitest';
import { createImageCache } from './image-cache.ts';

const image = (value: number) => Float32Array.of(value, value);

describe('the cache of images', () => {
  it('never holds more bytes than its budget, whatever goes through it', () => {
    const cache = createImageCache(50);
    for (let row = 0; row < 1000; row++) {
      cache.put(row % 37, image(row));
      expect(cache.bytes).toBeLessThanOrEqual(50);
    }
    expect(cache.bytes).toBe(48);
  });

  it('lets the image go that was not asked for longest', () => {
    const cache = createImageCache(16);
    cache.put(1, image(1));
    cache.put(2, image(2));
    cache.get(1);
    cache.put(3, image(3));
    expect([1, 2, 3].map((row) => cache.get(row)?.[0])).toEqual([1, undefined, 3]);
  });

  it('does not take an image larger than its budget', () => {
    const cache = createImageCache(4);
    cache.put(1, image(1));
    expect(cache.get(1)).toBeUndefined();
    expect(cache.bytes).toBe(0);
  });
});
