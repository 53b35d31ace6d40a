import { z } from 'zod';

/** A decay of a running mean, in [0, 1). */
export const beta = (first: number) => z.number().min(0).lt(1).default(first);
