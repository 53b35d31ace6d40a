import { fail } from '@trunkline/protocol';
import { sizeOf } from '../layout.ts';
import type { AugmentConfig } from './augment.ts';
import type { OpenContext, Path } from './files.ts';
import type { Source } from './source.ts';

/** The kind of source, and where keys below `data` stand. */
interface AugmentPlace {
  readonly kind: string;
  readonly at: OpenContext['at'];
}

interface AugmentedTask {
  readonly id: string;
  readonly target: string;
  /** The kind of its head. */
  readonly head: string;
}

/**
 * Whether a source can be augmented for a task: its rows are images, something of them is left, and no target would have to move along.
 * @throws CONFIG_INVALID
 */
export function checkAugment(config: AugmentConfig, source: Source, task: AugmentedTask, place: AugmentPlace): void {
  refuseOtherThanImages(config, source, place);
  refuseMovedTargets(config, source, task, place);
}

const invalid = ({ at }: AugmentPlace, path: Path, about: { problem: string; remedy: string }) =>
  fail('CONFIG_INVALID', { at: at(path), key: path.join('.'), ...about });

/** A loader augments by itself: it is given the round’s chance. */
function refuseOtherThanImages(config: AugmentConfig, { inputShape }: Source, place: AugmentPlace): void {
  if (place.kind === 'loader') {
    throw invalid(place, ['augment'], {
      problem: 'a loader gives its batches as they are to be trained on.',
      remedy: 'Change the images in its `batch`, with the `random` that it is given: it is that of the round.',
    });
  }
  if (inputShape.length < 2 || inputShape.length > 3) {
    throw invalid(place, ['augment'], {
      problem: `it changes images, [h, w] or [h, w, channels]; a row of this ${place.kind} source is [${inputShape.join(', ')}].`,
      remedy: 'Remove `augment`.',
    });
  }
  const side = Math.min(inputShape[0]!, inputShape[1]!);
  const wide = (['crop', 'cutout'] as const).find((key) => (config[key] ?? 0) >= side);
  if (wide === undefined) return;
  throw invalid(place, ['augment', wide], {
    problem: `${config[wide]} pixels of an image whose shorter side has ${side} can leave nothing of it.`,
    remedy: `Choose fewer than ${side}.`,
  });
}

/** A target of several numbers may be a box or a point, which would not move with its image. */
function refuseMovedTargets(
  { flip, crop }: AugmentConfig,
  { targets }: Source,
  task: AugmentedTask,
  place: AugmentPlace,
): void {
  const { kind = 'text', shape = [] } = targets[task.target] ?? {};
  const key = flip ? 'flip' : crop ? 'crop' : undefined;
  if (!key || kind !== 'number' || sizeOf(shape) < 2 || !['regress', 'layers'].includes(task.head)) return;
  throw invalid(place, ['augment', key], {
    problem: `task ${task.id} learns ${sizeOf(shape)} numbers of \`${task.target}\` a row: a box or a point would not move with its image.`,
    remedy: 'Keep brightness, contrast, noise and cutout, or give the task a source of its own under its `data`.',
  });
}
