/** One number from each coordinate's values in ascending order. `reduce` is given the same array each time. */
export function fromSortedColumns(
  rows: readonly Float32Array[],
  reduce: (ascending: Float64Array) => number,
): Float64Array {
  const column = new Float64Array(rows.length);
  return Float64Array.from({ length: rows[0]!.length }, (_, i) => {
    for (let k = 0; k < rows.length; k++) column[k] = rows[k]![i]!;
    return reduce(column.sort());
  });
}
