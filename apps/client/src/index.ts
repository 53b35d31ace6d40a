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
export { clientSchema, readClient, type ClientConfig } from './config.ts';
export { loadTasks } from './load-task.ts';
