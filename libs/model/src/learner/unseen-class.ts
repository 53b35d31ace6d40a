import { fail } from '@trunkline/protocol';
import type { Labels } from '../loss/index.ts';
import type { Split } from '../data/source.ts';

/**
 * Refuses classes that a split asks for and no training row shows: nothing could ever be learned of them.
 * @throws DATA_CLASS_UNSEEN
 */
export function refuseUnseenClass(
  classes: readonly string[],
  training: Labels,
  other: { readonly labels: Labels; readonly split: Split; readonly file: string; readonly at: string },
): void {
  const seen = new Set(training.values);
  const strange = other.labels.values.find((label) => !Number.isNaN(label) && !seen.has(label));
  if (strange === undefined) return;
  const { split, file, at } = other;
  const rows = other.labels.values.filter((label) => label === strange).length;
  throw fail('DATA_CLASS_UNSEEN', { at, file, split, class: classes[strange]!, rows });
}
