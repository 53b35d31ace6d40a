export { parseTrunkSpec, trunkSchema, type TrunkConfig, type TrunkFrom, type TrunkSpec } from './spec.ts';
export { buildTrunk, initialTrunk, type Trunk } from './trunk.ts';
export { readTrunkFile, type TrunkFile } from './trunk-file.ts';
export { trunkStart, type TrunkStart } from './trunk-start.ts';
export { trunkFromKeras, type KerasTrunk } from './keras-json.ts';
