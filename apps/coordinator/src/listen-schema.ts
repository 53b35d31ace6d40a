import { z } from 'zod';

/** Where clients connect, and by what right: of a run file and of a relay's. */
export const listenSchema = z
  .strictObject({
    host: z.string().default('127.0.0.1'),
    port: z.number().int().min(0).max(65_535).default(0),
    tls: z
      .strictObject({ certificate: z.string(), key: z.string() })
      .optional()
      .describe('Certificate (with its chain) and private key, PEM files. Needed off loopback.'),
    invitations: z
      .boolean()
      .optional()
      .describe(
        'Only invited clients come in. Default: off loopback (but with --insecure), and as soon as one was invited.',
      ),
  })
  .prefault({})
  .describe('Where clients connect; port 0 takes any free one.');
