// Sets everything up without questions: JavaScript dependencies, then the native backend. Node built-ins only.
// An old Node must be able to read this file to be told that it is old: the rest is imported after the check.
import { nodeProblem } from './libs/model/native/node-version.mjs';

const problem = nodeProblem(process.versions.node);
if (problem) {
  process.stderr.write(problem + '\n');
  process.exitCode = 2;
} else {
  import('./libs/model/native/setup.mjs')
    .then(function (native) {
      return native.setUp(new URL('.', import.meta.url), process.argv.slice(2), process.env);
    })
    .then(function (exit) {
      process.exitCode = exit;
    });
}
