import type { z } from 'zod';
import type { clientSchema } from './config.ts';

/**
 * A client file as a module may write it. Its keys are those of a client file; beside names also a loss, metrics and a loader of one's own
 * may stand there. In an `adapter` and in a head of `layers`, a kind of layer may take the place of a layer's arguments:
 * `{ mirror: myLayerKind }`.
 */
export type ClientModule = z.input<typeof clientSchema>;

/** The default export of a client module, `x.task.ts`. */
export const defineClient = (client: ClientModule): ClientModule => client;
