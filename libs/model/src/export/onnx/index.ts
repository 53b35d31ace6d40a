import { bytes, int, message, text } from '../../protobuf/index.ts';
import { layersOf, type ExportedModel } from '../exported-model.ts';
import { inputShapeOf } from '../keras-layers.ts';
import { notesOf } from '../notes.ts';
import { activated } from './activation.ts';
import { createGraph, type Value } from './graph.ts';
import { chained } from './layers.ts';
import { channelsLast } from './turn.ts';

/** Operators as of ONNX 1.8 (2020): every runtime since reads them. */
const IR_VERSION = 7;
const OPSET = 13;

/**
 * A model as an ONNX file (onnx.ai, onnx.proto), which onnxruntime opens: `input` [batch, ...shape of one input] → `scores` or, where none are
 * taken, `output`. Images come as our layers take them, channels last. @throws EXPORT_LAYER
 */
export function encodeOnnxModel(model: ExportedModel): Uint8Array {
  const graph = createGraph();
  const input: Value = { name: 'input', shape: inputShapeOf(model), channelsFirst: false };
  const end = graph.part('end');
  const raw = channelsLast(end, chained(graph, input, layersOf(model)));
  const scored = activated(end, raw, model.scores ?? 'linear');
  const output = { ...scored, name: model.scores === null ? 'output' : 'scores' };
  end.node('Identity', [scored.name], {}, output.name);
  return message([
    int(1, IR_VERSION),
    text(2, 'trunkline'),
    bytes(7, graph.encode(model.name, input, output)),
    bytes(8, message([text(1, ''), int(2, OPSET)])),
    ...Object.entries(notesOf(model)).map(([key, value]) => bytes(14, message([text(1, key), text(2, value)]))),
  ]);
}
