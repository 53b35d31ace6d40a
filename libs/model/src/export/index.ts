export { parametersOf, type ExportedModel, type ModelPart } from './exported-model.ts';
export { encodeModel, formatOf, type EncodedModel, type ModelFormat } from './encode-model.ts';
export { knownScores } from './known-scores.ts';
export { layersText, modelCardText, quotation, settingText, type CardScore, type ModelCard } from './model-card.ts';
export { decodeModel } from './decode-model.ts';
export { aboutOf } from './notes.ts';
export type { OpenedModel } from './opened-model.ts';
export { readModel } from './read-model.ts';
export { writeModel, type WriteModelTo } from './write-model.ts';
