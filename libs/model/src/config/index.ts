export { checkConfig } from './check.ts';
export { nearest } from './nearest.ts';
export { parseYaml, readYaml, type ConfigFile, type Path } from './read-yaml.ts';
