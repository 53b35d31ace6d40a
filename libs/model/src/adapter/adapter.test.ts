import { expect, test } from 'vitest';
import { checkConfig } from '../config/index.ts';
import { adapterSchema, placeAdapter } from './index.ts';

const place = { task: 'blood', at: 'c.yaml:7:3' };

test('the identity has no layer where the input has the trunk’s shape, and reshapes where it has as many elements', () => {
  expect(placeAdapter([], [28, 28, 1], [28, 28, 1], place).layers).toEqual([]);
  const reshaped = placeAdapter([], [784], [28, 28, 1], place);
  expect(reshaped.outputShape).toEqual([28, 28, 1]);
  expect(reshaped.layout.length).toBe(0);
});

test('layers take any input to the trunk’s', () => {
  const stack = placeAdapter([{ flatten: {} }, { dense: { units: 64 } }], [4, 4, 3], [64], place);
  expect(stack.layout.slots.map(({ name, shape }) => [name, ...shape])).toEqual([
    ['1-dense/kernel', 48, 64],
    ['1-dense/bias', 64],
  ]);
});

test('what does not fit the trunk is refused, own layers with as many elements in another shape too', () => {
  expect(() => placeAdapter([], [12], [64], place)).toThrow(
    'c.yaml:7:3: task blood: its adapter gives shape [12], the trunk takes [64].',
  );
  expect(() => placeAdapter([{ dense: { units: 64 } }], [12], [8, 8], place)).toThrow(
    'gives shape [64], the trunk takes [8, 8]',
  );
  expect(() => placeAdapter([{ conv2d: { filters: 1, kernelSize: 3 } }], [12], [64], place)).toThrow('c.yaml:7:3');
});

test('the key `adapter` is `identity` or a list of layers', () => {
  const check = (value: unknown) => checkConfig(adapterSchema, value, () => 'c.yaml:1:1');
  expect(check('identity')).toEqual([]);
  expect(check([{ dense: { units: 2 } }])).toEqual([{ dense: { units: 2 } }]);
  expect(() => check('none')).toThrow('expected `identity` or a list of layers');
});
