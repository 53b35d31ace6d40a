/** Order of ids everywhere: UTF-16 code units, never the locale's. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
