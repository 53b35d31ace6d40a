import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * The first of these programs that the PATH holds, with its full path, or undefined.
 * @param {string[]} names
 * @param {NodeJS.ProcessEnv} env
 */
function findProgram(names, env) {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter).filter(Boolean);
  for (const name of names) {
    for (const folder of isAbsolute(name) ? [''] : folders) {
      for (const ending of endings) {
        const path = join(folder, name + ending);
        if (executable(path)) return path;
      }
    }
  }
  return undefined;
}

/** The C++ compiler: what CXX names, else c++, g++ or clang++. @param {NodeJS.ProcessEnv} env */
export const findCompiler = (env) => findProgram([...(env.CXX ? [env.CXX] : []), 'c++', 'g++', 'clang++'], env);

/** How to call pip: `python3 -m pip`, `python -m pip` or pip itself; undefined without any. @param {NodeJS.ProcessEnv} env */
export function findPip(env) {
  const python = findProgram(['python3', 'python', 'py'], env);
  if (python) return [python, '-m', 'pip'];
  const pip = findProgram(['pip3', 'pip'], env);
  return pip ? [pip] : undefined;
}

/** Whether this machine has an NVIDIA driver loaded, found without starting anything. */
export function nvidiaDriver() {
  const signs = ['/proc/driver/nvidia/version', '/dev/nvidiactl', 'C:\\Windows\\System32\\nvcuda.dll'];
  return signs.some((path) => existsSync(path));
}

function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
