export { runProgram, type Exit } from './command-line.ts';
export { errorText, failure, success, type Envelope } from './envelope.ts';
export * from './errors.ts';
export * from './fail.ts';
export * from './events.ts';
export { limits } from './limits.ts';
export * from './messages/index.ts';
export { CAPABILITIES, PROTOCOL_VERSION } from './version.ts';
export * from './wire/index.ts';
