export { parametersOf, type ExportedModel, type ModelPart } from './exported-model.ts';
export { encodeModel, formatOf, type EncodedModel, type ModelFormat } from './encode-model.ts';
export { writeModel, type WriteModelTo } from './write-model.ts';
