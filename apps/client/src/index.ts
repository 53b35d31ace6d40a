export type { Agreement } from './agreement.ts';
export { clientCli } from './cli.ts';
export {
  startClient,
  type Client,
  type ClientDeps,
  type ClientEvent,
  type ClientOutcome,
  type FinishedTask,
} from './client.ts';
export { defineClient, type ClientModule } from './client-module.ts';
export { isClientModule, openClient } from './open-client.ts';
export { clientSchema, readClient, type ClientConfig } from './config.ts';
export { loadTasks } from './load-task.ts';
