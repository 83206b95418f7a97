/**
 * Updates `node_modules` to package-lock.json, so that `npm start` and `npm test` work on a fresh clone. Plain
 * JavaScript without dependencies, because none is installed yet.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Installs the dependencies if any is missing or has another version. Ends the process after a failure, which npm has
 * explained.
 */
export function installDependencies() {
  if (isCurrent()) return;
  console.log('Installing the dependencies of package-lock.json …');
  // No dependency needs its install script: native parts come as prebuilt optional packages.
  npm('ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error');
}

/**
 * Runs a TypeScript file of `.scripts/` with this Node and ends with its exit code. Passes signals on, so that the
 * child ends its own processes.
 */
export function runScript(file, args) {
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(root, '.scripts', file), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

function isCurrent() {
  const wanted = readLock('package-lock.json');
  const installed = readLock(path.join('node_modules', '.package-lock.json'));
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(
    ([folder, entry]) => folder === '' || entry.optional || installed[folder]?.version === entry.version,
  );
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function npm(...args) {
  // npm names its own program when it runs a script. Otherwise the `npm` on PATH is used.
  const program = process.env.npm_execpath;
  const result = program
    ? spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' })
    : spawnSync(['npm', ...args].join(' '), { cwd: root, stdio: 'inherit', shell: true });
  if (result.status !== 0) process.exit(result.status ?? 1);
}
