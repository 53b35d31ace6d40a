/**
 * Draws two organisations' tables from the census file: `node --conditions=@trunkline/source --import tsx make.mjs FOLDER`,
 * where FOLDER holds adult.data of the UCI repository.
 *
 * Equal rows are kept once. The rest is shuffled with seed 0; the first 3,000 people are the bank's, the next 3,000 the
 * registry's: nobody is in both. The bank knows whether a person's income is over 50,000 dollars a year, but nothing of their
 * family; the registry knows whether they have ever married, but nothing of their income. `fnlwgt` is a weight of the survey
 * and no property of a person. Made again, the files have the same bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomStream } from '@trunkline/model/random';

const COLUMNS =
  'age workclass fnlwgt education education-num marital-status occupation relationship race sex capital-gain capital-loss hours-per-week native-country income'.split(
    ' ',
  );
const PEOPLE = 3000;
const ORGANISATIONS = {
  bank: { hidden: ['fnlwgt', 'marital-status', 'relationship'], target: ['income', (row) => row.income] },
  registry: {
    hidden: ['fnlwgt', 'relationship', 'marital-status', 'capital-gain', 'capital-loss', 'income'],
    target: ['married', (row) => (row['marital-status'] === 'Never-married' ? 'never' : 'ever')],
  },
};

const [source, target = import.meta.dirname] = process.argv.slice(2);
if (source === undefined) {
  console.error('usage: make.mjs FOLDER-OF-ADULT [FOLDER-TO-WRITE]');
  process.exit(2);
}

const lines = [...new Set(readFileSync(join(source, 'adult.data'), 'utf8').trimEnd().split(/\r?\n/))];
const people = lines.map((line) => Object.fromEntries(line.split(', ').map((cell, i) => [COLUMNS[i], cell])));
const order = randomStream(0, 'income', 'people').permutation(people.length);
for (const [place, [name, { hidden, target: learned }]] of Object.entries(ORGANISATIONS).entries()) {
  const [label, labelOf] = learned;
  const columns = COLUMNS.filter((column) => !hidden.includes(column) && column !== label);
  const mine = order.slice(place * PEOPLE, (place + 1) * PEOPLE).map((i) => people[i]);
  const rows = mine.map((row) => [...columns.map((column) => row[column]), labelOf(row)].join(','));
  writeFileSync(join(target, `${name}.csv`), `${[[...columns, label].join(','), ...rows].join('\n')}\n`);
  console.log(`${name}.csv: ${rows.length} people`);
}
