import type { TaskPrediction } from '@trunkline/model/learner';
import type { Split } from '@trunkline/model/data';

/**
 * Predictions as csv text (RFC 4180, lines end in LF): a line a row of the data, in the order of the split. `row` is its number there from
 * 0, `place` where it stands in its file. `label` and `prediction` are a class, or numbers joined by `;` where there are several; no label is
 * an empty cell. Then a column `score:<name>` an output, every value the shortest text that reads as the same float32.
 */
export function predictionTable(predictions: readonly TaskPrediction[], split: Split): string {
  const outputs = [...new Set(predictions.flatMap(outputNames))];
  const header = ['task', 'row', 'place', 'label', 'prediction', ...outputs.map((name) => `score:${name}`)];
  const lines = predictions.flatMap((prediction) => {
    const own = outputNames(prediction);
    const place = (row: number) => prediction.plan.source.place?.(split, row, prediction.plan.target) ?? String(row);
    return Array.from({ length: prediction.rows }, (_, row) => {
      const scores = scoresOf(prediction, row);
      const cells = outputs.map((name) => (own.includes(name) ? numberText(scores[own.indexOf(name)]!) : ''));
      return [
        prediction.task,
        String(row),
        place(row),
        labelText(prediction, row),
        decided(prediction, scores),
        ...cells,
      ];
    });
  });
  return [header, ...lines].map((cells) => `${cells.map(quoted).join(',')}\n`).join('');
}

/** Names of a task's outputs: its classes, else its target, numbered where there are several. */
function outputNames({ kind, classes, width, plan }: TaskPrediction): string[] {
  if (kind === 'class') return [...classes!];
  if (width === 1) return [plan.target];
  const { head } = plan as { head: { multilabel?: { labels?: unknown } } };
  const labels = head.multilabel?.labels;
  return Array.isArray(labels) ? labels.map(String) : Array.from({ length: width }, (_, i) => `${plan.target}[${i}]`);
}

const scoresOf = ({ scores, width }: TaskPrediction, row: number): Float32Array =>
  scores.subarray(row * width, (row + 1) * width);

function labelText({ labels, rows, classes }: TaskPrediction, row: number): string {
  const columns = labels.length / rows;
  const values = [...labels.subarray(row * columns, (row + 1) * columns)];
  if (values.every(Number.isNaN)) return '';
  return values.map((value) => (Number.isNaN(value) ? '' : (classes?.[value] ?? numberText(value)))).join(';');
}

/** The likeliest class; of a yes or no, whether its probability is at least one half; a number as it is. */
function decided({ kind, classes }: TaskPrediction, scores: Float32Array): string {
  switch (kind) {
    case 'class':
      return classes![scores.indexOf(Math.max(...scores))] ?? '';
    case 'binary':
      return [...scores].map((score) => classes?.[score >= 0.5 ? 1 : 0] ?? (score >= 0.5 ? '1' : '0')).join(';');
    case 'number':
      return [...scores].map(numberText).join(';');
  }
}

function numberText(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(Number(value.toPrecision(9)));
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
