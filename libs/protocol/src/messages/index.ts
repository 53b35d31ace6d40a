export * from './control.ts';
export * from './evaluate.ts';
export * from './fields.ts';
export * from './join.ts';
export * from './round.ts';
export * from './transfer.ts';
export * from './trunk.ts';
