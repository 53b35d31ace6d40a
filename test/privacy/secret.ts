/** A secret that must not be found: numbers, one after the other as they lie in memory, or texts. */
export interface Canaries {
  /** Whose they are, for the report. */
  readonly name: string;
  readonly numbers?: ArrayLike<number>;
  readonly texts?: readonly string[];
  /**
   * `each`: one number alone is a hit. `neighbours`: float32 counts from two in a row on, for numbers of which there are so many, and so like a
   * gradient's, that one alone may agree by chance; every other encoding counts alone all the same.
   */
  readonly float32?: 'each' | 'neighbours';
  /** false: in no encoding does one number count alone, only two of them one behind the other. For sweeps over very many numbers. */
  readonly alone?: boolean;
}

export interface Hit {
  readonly canary: string;
  readonly encoding: string;
  /** Where in the searched bytes. */
  readonly offset: number;
}

/** A number as text: the digits must agree to this relative precision, so that a rounded number is found too. */
export const TEXT_PRECISION = 2e-6;
export const NUMBER = /-?\d+\.\d{4,}(?:e[+-]?\d+)?/gi;

/** 0, ±1, 0.5, 255, 0.001, NaN: what stands in any program's bytes. */
export const isPlain = (value: number): boolean =>
  !Number.isFinite(value) || value === 0 || Number(Math.fround(value).toPrecision(4)) === value;

/** The same twice is a constant, as an optimizer begins with. */
export const isPair = (first: number, second: number): boolean =>
  first !== second && !isPlain(first) && !isPlain(second);
