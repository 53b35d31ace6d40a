export { parametersOf, type ExportedModel, type ModelPart } from './exported-model.ts';
export { encodeModel, formatOf, type EncodedModel, type ModelFormat } from './encode-model.ts';
export { knownScores } from './known-scores.ts';
export { layersText, modelCardText, quotation, settingText, type CardScore, type ModelCard } from './model-card.ts';
export { writeModel, type WriteModelTo } from './write-model.ts';
