// Parsed by every Node that knows modules, however old: no syntax newer than 2017 here.

/** The oldest Node that runs Trunkline: [major, minor]. */
const OLDEST = [20, 19];

/**
 * What is wrong with a Node of this version, as one sentence with its remedy; an empty text when it will do.
 * @param {string} version for example `18.20.4`
 * @returns {string}
 */
export function nodeProblem(version) {
  const parts = version.split('.').map(Number);
  const enough = parts[0] > OLDEST[0] || (parts[0] === OLDEST[0] && parts[1] >= OLDEST[1]);
  if (enough) return '';
  return (
    'Node ' +
    version +
    ' is too old: Trunkline needs ' +
    OLDEST.join('.') +
    ' or newer. ' +
    'Install Node 22 or 24 from nodejs.org or your package manager.'
  );
}
