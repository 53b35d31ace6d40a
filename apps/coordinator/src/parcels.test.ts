import { describe, expect, it } from 'vitest';
import { bytesOf, sha256 } from '@trunkline/protocol';
import { decodeValues } from '@trunkline/model/codec';
import { createParcels, type Broadcast } from './parcels.ts';

const LENGTH = 5_000;
/** Each is a small step away from the one before; `sparse`: in every fiftieth value alone. */
function trunks(count: number, sparse = false): Broadcast[] {
  const first = Float32Array.from({ length: LENGTH }, (_, i) => Math.sin(i) / 10);
  const moved = (values: Float32Array, version: number) =>
    values.map((value, i) => (sparse && i % 50 !== 0 ? value : value + 1e-4 * Math.cos(i * version)));
  const all = [first];
  while (all.length < count) all.push(moved(all.at(-1)!, all.length));
  return all.map((theta, version) => ({ version, theta, control: null }));
}
const nothing = {};

describe('a trunk that is told from an earlier one', () => {
  it.each([
    ['all of its values', false, 0.8],
    ['few of its values', true, 0.2],
  ])('is less than its float32 where %s changed, and leads to the same bits', (_what, sparse, part) => {
    const [before, now] = trunks(2, sparse);
    const parcels = createParcels();
    const first = parcels.since(nothing, before!, 0);
    expect(first.parcel).toMatchObject({ encoding: 'f32', sha256: parcels.digest(before!.theta) });
    first.arrived();
    const { parcel } = parcels.since(nothing, now!, 0);
    const { encoding, bytes, base } = parcel;
    expect({ encoding, base }).toEqual({ encoding: 'delta', base: { version: 0, attempt: 0 } });
    expect(bytes.byteLength).toBeLessThan(part * LENGTH * 4);
    const received = { encoding, bytes, base: before!.theta, codec: { name: 'delta' }, what: 'A trunk' } as const;
    const back = decodeValues(received, new Float32Array(LENGTH));
    expect([parcel.sha256, sha256(bytesOf(back))]).toEqual([sha256(bytesOf(now!.theta)), parcel.sha256]);
  });

  it('goes whole where nothing of the old one is left', () => {
    const [before] = trunks(1);
    const parcels = createParcels();
    parcels.since(nothing, before!, 0).arrived();
    const other = { version: 1, theta: before!.theta.map((value) => -value), control: null };
    expect(parcels.since(nothing, other, 0).parcel.encoding).toBe('f32');
  });

  it('goes whole to a line that has not brought all of the one before', () => {
    const [a, b, c] = trunks(3);
    const parcels = createParcels();
    parcels.since(nothing, a!, 0).arrived();
    parcels.since(nothing, b!, 0);
    expect(parcels.since(nothing, c!, 0).parcel.encoding).toBe('f32');
  });

  it('is told from what each line has, and written once for all that have the same', () => {
    const [a, b, c] = trunks(3);
    const [near, level, far] = [{}, {}, {}];
    const parcels = createParcels();
    for (const line of [near, level, far]) parcels.since(line, a!, 0).arrived();
    for (const line of [near, level]) parcels.since(line, b!, 0).arrived();
    const [one, two, three] = [near, level, far].map((line) => parcels.since(line, c!, 0).parcel);
    expect([one!.base?.version, two!.base?.version, three!.base?.version]).toEqual([1, 1, 0]);
    expect(one!.bytes).toBe(two!.bytes);
  });

  it('is told from the trunk that a line has, by its own number: one in which nothing moved has the values of the one before', () => {
    const [a, , c] = trunks(3);
    const still = { ...a!, version: 1 };
    const [one, other] = [{}, {}];
    const parcels = createParcels();
    parcels.since(one, a!, 0).arrived();
    parcels.since(other, still, 0).arrived();
    const bases = [one, other].map((line) => parcels.since(line, c!, 0).parcel.base?.version);
    expect(bases).toEqual([0, 1]);
  });

  it('goes whole to a line that is too many trunks behind: no more than four are kept for it', () => {
    const all = trunks(6);
    const lines = all.map(() => ({}));
    const parcels = createParcels();
    all.forEach((trunk, i) => parcels.since(lines[i]!, trunk, 0).arrived());
    const last = { ...all[5]!, version: 6, theta: all[5]!.theta.slice() };
    expect(lines.map((line) => parcels.since(line, last, 0).parcel.encoding)).toEqual([
      ...['f32', 'f32'],
      ...['delta', 'delta', 'delta', 'delta'],
    ]);
  });

  it('carries SCAFFOLD’s control variate; the first that has one goes whole', () => {
    const [a, b, c] = trunks(3);
    const withControl = (trunk: Broadcast) => ({ ...trunk, control: trunk.theta.map((value) => value / 2) });
    const parcels = createParcels();
    parcels.since(nothing, a!, 0).arrived();
    const first = parcels.since(nothing, withControl(b!), 0);
    expect(first.parcel.encoding).toBe('f32');
    first.arrived();
    expect(parcels.since(nothing, withControl(c!), 1).parcel).toMatchObject({
      encoding: 'delta',
      base: { version: 1 },
    });
  });
});
