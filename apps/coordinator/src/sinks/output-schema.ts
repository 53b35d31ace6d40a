import { z } from 'zod';

const place = z.union([z.boolean(), z.string()]).default(false);

/** The key `output`: where else a run's figures go. */
export const outputSchema = z.strictObject({
  tensorboard: place.describe(
    'Event files for TensorBoard: true, or a folder. Default folder: `tensorboard` in the run’s.',
  ),
  csv: place.describe('rounds.csv, scores.csv, clients.csv: true, or a folder. Default folder: `csv` in the run’s.'),
  mlflow: z
    .url({ protocol: /^https?$/, error: 'expected the address of an MLflow server, for example http://127.0.0.1:5000' })
    .optional()
    .describe('Address of an MLflow server. A token is read from MLFLOW_TRACKING_TOKEN.'),
});
