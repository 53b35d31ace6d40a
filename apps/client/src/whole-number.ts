import { fail } from '@trunkline/protocol';

/** The value of an option that counts something. @throws USAGE for anything but a whole number of at least `least` */
export function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isInteger(number) && number >= least) return number;
  throw fail('USAGE', {
    what: `--${option} ${text}: expected a whole number of at least ${least}.`,
    remedy: `Write for example --${option} 2.`,
  });
}
