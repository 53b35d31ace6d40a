import type { Disk } from '../store/index.ts';
import { buildTrunk, parseTrunkSpec } from '../trunk/index.ts';
import { brokenModel } from './decode-model.ts';
import { formatOf } from './encode-model.ts';
import type { ExportedModel } from './exported-model.ts';
import { aboutOf } from './notes.ts';
import { bytesOf, readModel } from './read-model.ts';
import { encodeSafetensorsModel } from './safetensors-model.ts';

/**
 * An exported trunk as the bytes of a safetensors file, in whichever format it was exported: those of a trunk's `.keras`, `.onnx` or tfjs folder are the very
 * bytes that `coordinator export` writes as `.safetensors`, so that their digest is the same. A safetensors file, also a client's, is taken as it is.
 * @returns null where there is no such safetensors file
 * @throws MODEL_MISSING, DATA_FILE_BROKEN, STORAGE_FAILED, LAYER_ errors
 */
export function readTrunkBytes(disk: Pick<Disk, 'read'>, path: string): Uint8Array | null {
  const format = formatOf(path);
  // A file of any other name is taken for safetensors; a folder, or its model.json, is a tfjs layers model.
  const whole = format === 'safetensors' || (format === 'tfjs' && !path.endsWith('/model.json'));
  const file = whole ? bytesOf(disk, path) : null;
  if (file || format === 'safetensors') return file;
  const broken = brokenModel(path, format);
  const opened = readModel(disk, path);
  const { notes } = opened;
  if (notes['head'] !== undefined)
    throw broken(
      'it is a client’s model, with adapter and head; export that as .safetensors, or the trunk by `coordinator export`.',
    );
  const notJson = (cause: unknown) => broken('its note of the trunk’s layers is not JSON.', cause);
  const trunk = buildTrunk(parseTrunkSpec(notes['trunk']!, notJson), { at: path });
  const model: ExportedModel = {
    name: notes['name'] ?? 'trunk',
    parts: [{ name: 'trunk', stack: trunk, values: new Float32Array(trunk.layout.length) }],
    scores: null,
    about: aboutOf(notes),
  };
  opened.fill(model);
  return encodeSafetensorsModel(model);
}
