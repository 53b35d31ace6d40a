/**
 * Deals the students' tables to their schools: `node make.mjs FOLDER`, where FOLDER holds student-mat.csv and
 * student-por.csv of the UCI repository. Of each subject, each school gets its own rows; the columns stay as they are. Some
 * numbers are quoted in the original and some are not: quotes are dropped.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SUBJECTS = { mathematics: 'student-mat.csv', portuguese: 'student-por.csv' };
const SCHOOLS = { 'gabriel-pereira': 'GP', mousinho: 'MS' };

const [source, target = import.meta.dirname] = process.argv.slice(2);
if (source === undefined) {
  console.error('usage: make.mjs FOLDER-OF-STUDENTS [FOLDER-TO-WRITE]');
  process.exit(2);
}

for (const [subject, file] of Object.entries(SUBJECTS)) {
  const [header, ...lines] = readFileSync(join(source, file), 'utf8').replaceAll('"', '').trimEnd().split(/\r?\n/);
  for (const [school, code] of Object.entries(SCHOOLS)) {
    const rows = lines.filter((line) => line.startsWith(`${code};`));
    writeFileSync(join(target, `${school}-${subject}.csv`), `${[header, ...rows].join('\n')}\n`);
    console.log(`${school}-${subject}.csv: ${rows.length} students`);
  }
}
