export { adapterSchema } from './schema.ts';
export { placeAdapter } from './place-adapter.ts';
