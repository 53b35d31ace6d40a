export { assemble, chunkCount, chunkOf, sendChunks, type Assembly } from './chunk.ts';
export { sha256 } from './digest.ts';
export { Decoder, Encoder } from './parser.ts';
export { bytesOf, ENCODINGS, floatsOf, type Encoding } from './tensor.ts';
