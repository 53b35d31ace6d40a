import { fail } from '@trunkline/protocol';
import type { LabelReader, Target } from './head.ts';
import { numberLabels } from './number-labels.ts';

/** What float32 may have rounded away. */
const ROUNDING = 1e-5;

/**
 * Boxes: centre x, centre y, width, height as shares of the image. A row with a missing side is not judged.
 * @throws as `numberLabels` does, and DATA_BOX_OUTSIDE when one is read that is not inside its image
 */
export function boxLabels(target: Target): LabelReader {
  const numbers = numberLabels(target, 4);
  return {
    ...numbers,
    read(column, place = (row) => row) {
      const labels = numbers.read(column, place);
      for (let row = 0; row < labels.rows; row++) {
        const box = labels.values.subarray(row * 4, row * 4 + 4);
        if (box.some(Number.isNaN) || isInside(box)) continue;
        const found = Array.from(box, (side) => String(Number(side.toPrecision(6)))).join(', ');
        throw fail('DATA_BOX_OUTSIDE', { file: target.file, array: target.name, row: place(row), found });
      }
      return labels;
    },
  };
}

function isInside(box: Float32Array): boolean {
  return [0, 1].every((axis) => {
    const [centre, side] = [box[axis]!, box[axis + 2]!];
    return side >= 0 && centre - side / 2 >= -ROUNDING && centre + side / 2 <= 1 + ROUNDING;
  });
}
