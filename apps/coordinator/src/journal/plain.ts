/** Maps and sets as JSON, so that the state of a round machine can be written down: `{"$map": [[key, value], …]}`, `{"$set": [value, …]}`. */
export function toPlain(value: unknown): unknown {
  if (value instanceof Map) return { $map: [...value].map(([key, item]) => [toPlain(key), toPlain(item)]) };
  if (value instanceof Set) return { $set: [...value].map(toPlain) };
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
}

/** What `toPlain` was given, in new objects. */
export function fromPlain(plain: unknown): unknown {
  if (Array.isArray(plain)) return plain.map(fromPlain);
  if (typeof plain !== 'object' || plain === null) return plain;
  const { $map, $set } = plain as { $map?: [unknown, unknown][]; $set?: unknown[] };
  if ($map) return new Map($map.map(([key, item]) => [fromPlain(key), fromPlain(item)]));
  if ($set) return new Set($set.map(fromPlain));
  return Object.fromEntries(Object.entries(plain).map(([key, item]) => [key, fromPlain(item)]));
}
