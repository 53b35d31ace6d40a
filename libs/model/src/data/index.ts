export { createBatches, type Batches } from './batches.ts';
export { classesOf, classIndices, type ClassContext } from './classes.ts';
export type { OpenContext } from './files.ts';
export type { LoaderData } from './loader.ts';
export { openSource } from './open.ts';
export { prefetch, type Prefetch } from './prefetch.ts';
export { dataSchema, SOURCE_KINDS, type DataConfig, type SourceKind } from './schema.ts';
export { SPLITS, type Column, type Loader, type Rows, type Source, type Split } from './source.ts';
export { proposeTable, type Proposal } from './propose.ts';
