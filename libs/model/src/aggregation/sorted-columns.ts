/** One number from each coordinate's values in ascending order. `reduce` is given the same array each time. */
export function fromSortedColumns(
  rows: readonly Float32Array[],
  reduce: (ascending: Float64Array) => number,
): Float64Array {
  const column = new Float64Array(rows.length);
  const reduced = new Float64Array(rows[0]!.length);
  for (let i = 0; i < reduced.length; i++) {
    for (let k = 0; k < rows.length; k++) insert(column, k, rows[k]![i]!);
    reduced[i] = reduce(column);
  }
  return reduced;
}

/** Into its place among the first `count` values: for a few dozen values faster than a call of sort. */
function insert(ascending: Float64Array, count: number, value: number): void {
  let place = count;
  for (; place > 0 && ascending[place - 1]! > value; place--) ascending[place] = ascending[place - 1]!;
  ascending[place] = value;
}
