export { checkConfig } from './check.ts';
export { nearest, nearestFirst } from './nearest.ts';
export { chosenOf, oneOf, type OneOf } from './one-of.ts';
export { parseYaml, readYaml, type ConfigFile, type Path } from './read-yaml.ts';
