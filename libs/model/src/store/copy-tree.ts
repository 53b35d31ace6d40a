/** A copy of plain objects, lists, numbers, texts and typed arrays; a typed array's copy owns its buffer. */
export function copyTree<T>(tree: T): T {
  if (ArrayBuffer.isView(tree)) return (tree as unknown as Float32Array).slice() as unknown as T;
  if (Array.isArray(tree)) return tree.map((inner: unknown) => copyTree(inner)) as T;
  if (typeof tree !== 'object' || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, inner]) => [key, copyTree(inner as unknown)])) as T;
}
