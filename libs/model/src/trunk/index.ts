export { trunkSchema, type TrunkConfig, type TrunkSpec } from './spec.ts';
export { buildTrunk, initialTrunk, type Trunk } from './trunk.ts';
export { trunkFromKeras, type KerasTrunk } from './keras-json.ts';
