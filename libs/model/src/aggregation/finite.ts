/** Whether every value is finite: x − x is 0 for a finite x and NaN otherwise, so that one sum without a branch a value tells. */
export function allFinite(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! - values[i]!;
  return sum === 0;
}
