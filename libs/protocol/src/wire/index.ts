export { assemble, grainCount, grainsOf, sendChunks, type Assembly, type Missing } from './chunk.ts';
export { sha256 } from './digest.ts';
export { createRequests, isLineBroken, lineBroken, type Requests } from './requests.ts';
export { runningDigest, type RunningDigest } from './running-digest.ts';
export { createPace, type Pace } from './pace.ts';
export { Decoder, Encoder } from './parser.ts';
export { watchSilence } from './silence.ts';
export { bytesOf, floatsOf } from './tensor.ts';
