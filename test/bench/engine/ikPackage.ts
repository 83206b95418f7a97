import { execa } from 'execa';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { developerCacheFolder, findPython } from '../../../.scripts/fetchModel.ts';

/** The Python package with a build of ik_llama.cpp for processors with AVX2. Its licence is MIT. */
const PACKAGE = 'ik-llama-cpp-python';
const VERSION = '0.1.5';
export const IK_PACKAGE = `${PACKAGE} ${VERSION}`;

/** ik_llama.cpp can't be installed. */
class IkPackageError extends Error {
  constructor(cause: unknown) {
    const line = (cause as Error).message.trim().split('\n').at(-1);
    super(`${IK_PACKAGE} could not be installed: ${line}`, { cause });
    this.name = 'IkPackageError';
  }
}

/**
 * Returns a Python that has ik_llama.cpp, in an environment of its own in the developers' cache. Installs it if it is
 * missing. Throws `IkPackageError`.
 */
export async function ikPython(): Promise<string> {
  const folder = path.join(developerCacheFolder(), `${PACKAGE}-${VERSION}`);
  const python = path.join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const check = ['-c', `import importlib.metadata as m; assert m.version('${PACKAGE}') == '${VERSION}'`];
  if (existsSync(python) && (await execa(python, check, { reject: false })).exitCode === 0) return python;
  // The bindings need no other package.
  const options = ['--no-deps', '--only-binary=:all:', '--quiet', '--disable-pip-version-check'];
  try {
    await execa(await findPython(), ['-m', 'venv', '--clear', folder]);
    await execa(python, ['-m', 'pip', 'install', ...options, `${PACKAGE}==${VERSION}`]);
  } catch (error) {
    throw new IkPackageError(error);
  }
  return python;
}
