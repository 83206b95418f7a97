/**
 * `npm start`: builds Chorus and opens it in a real VS Code on a copy of the sample workspace. Uses the desktop's VS
 * Code if `code` is on the PATH, else VS Code in a browser on 127.0.0.1. Without a display it prints the address and
 * completes a sample in the terminal.
 *
 * `--browser` skips the desktop's VS Code. `--model NAME` replaces the bundled model by a model of
 * `fetchableModels.json` or a file, as does `CHORUS_MODEL`. Ctrl-C ends all started processes.
 */
import { execa } from 'execa';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeForeignText } from '../sidecar/cli/terminal.ts';
import { isDefaultBundled } from '../sidecar/shelf/defaultModel.ts';
import { CodeServer } from '../test/host/codeServer.ts';
import { copySampleWorkspace, installBuiltExtension } from '../test/host/extensionFolder.ts';
import { NEWEST_HOST, setUpHost } from '../test/host/setup.ts';
import { stopSidecar } from '../test/host/sidecarProcess.ts';
import { startModel } from './startModel.ts';
import { openingText, readyText } from './startText.ts';
import { onPath } from './system.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const SAMPLE = { file: 'src/point.ts', line: 13, column: 11 };

const ended = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ended.abort());

const desktop = process.argv.includes('--browser') ? undefined : onPath('code');
const modelPath = await startModel(process.argv.slice(2), process.env);
/** The environment for every process that opens a model. */
const modelEnvironment: Record<string, string> = modelPath === undefined ? {} : { CHORUS_MODEL: modelPath };
const work = await mkdtemp(path.join(os.tmpdir(), 'chorus-start-'));
try {
  console.log('Building …');
  await execa('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
  const workspace = await copySampleWorkspace(path.join(work, 'sample'));
  if (desktop) await openDesktop(desktop, workspace);
  else await serveBrowser(workspace);
} finally {
  await rm(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

async function openDesktop(code: string, workspace: string): Promise<void> {
  console.log(
    openingText({
      code,
      workspace,
      isBundled: await isDefaultBundled({ scriptFolder: path.join(root, 'dist'), environment: modelEnvironment }),
    }),
  );
  const home = path.join(work, 'home');
  // `--wait` returns when the window is closed.
  const window = execa(
    code,
    [
      ...['--new-window', '--wait', '--extensionDevelopmentPath', root, '--user-data-dir', path.join(work, 'data')],
      ...[workspace, '--goto', `${path.join(workspace, SAMPLE.file)}:${SAMPLE.line}:${SAMPLE.column}`],
    ],
    {
      stdio: 'inherit',
      reject: false,
      cancelSignal: ended.signal,
      env: { CHORUS_HOME: home, ...modelEnvironment },
      shell: process.platform === 'win32',
    },
  );
  await window;
  await stopSidecar(home);
}

async function serveBrowser(workspace: string): Promise<void> {
  const host = await setUpHost(NEWEST_HOST);
  const folder = path.join(work, 'server');
  // A model inside the extension takes precedence over all other models.
  await installBuiltExtension(folder, { hasModel: modelPath === undefined });
  const server = await CodeServer.start({
    host,
    folder,
    connectionToken: randomBytes(24).toString('hex'),
    env: modelEnvironment,
    settings: {
      'editor.quickSuggestions': { other: 'on', comments: 'off', strings: 'off' },
      'editor.suggestOnTriggerCharacters': true,
    },
  });
  try {
    const sampleUri = `${server.remoteUri(path.join(workspace, SAMPLE.file))}:${SAMPLE.line}:${SAMPLE.column}`;
    const url = server.windowUrl(workspace, [
      ['gotoLineMode', 'true'],
      ['openFile', sampleUri],
    ]);
    console.log(readyText({ url, workspace, isBundled: modelPath === undefined }));
    if (!(await openInBrowser(url))) await completeSample(workspace);
    await untilEnded();
  } finally {
    console.log('\nEnding VS Code …');
    await server.stop();
    await stopSidecar(server.chorusHome);
  }
}

/** Opens an address in the user's browser. Resolves with `false` if there is no display. */
async function openInBrowser(url: string): Promise<boolean> {
  const openers: Partial<Record<NodeJS.Platform, readonly string[]>> = {
    darwin: ['open'],
    win32: ['cmd', '/c', 'start', ''],
  };
  const hasDisplay = process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
  const [program, ...args] = openers[process.platform] ?? ['xdg-open'];
  if (!hasDisplay || !program || !onPath(program)) return false;
  const { exitCode } = await execa(program, [...args, url], { reject: false, timeout: 10_000 });
  return exitCode === 0;
}

/** Shows a completion on the terminal instead of in a window. */
async function completeSample(workspace: string): Promise<void> {
  const file = path.join(workspace, SAMPLE.file);
  const place = `${file}:${SAMPLE.line}:${SAMPLE.column}`;
  console.log(
    `There is no display here, so this completes ${SAMPLE.file} at line ${SAMPLE.line}, column ${SAMPLE.column} in the terminal:\n`,
  );
  const completed = await execa(
    process.execPath,
    [path.join(root, 'dist', 'cli.mjs'), 'complete', place, '--json', '--timeout', '120'],
    {
      reject: false,
      cancelSignal: ended.signal,
      env: { CHORUS_HOME: path.join(work, 'home'), ...modelEnvironment },
      stderr: 'inherit',
    },
  );
  if (completed.exitCode !== 0)
    throw new Error(`chorus complete ${place} ended with exit code ${completed.exitCode}: ${completed.stdout}`);
  const { text } = JSON.parse(completed.stdout) as { text: string };
  const lines = (await readFile(file, 'utf8')).split('\n');
  console.log(`  before:    ${lines[SAMPLE.line - 1]}`);
  writeForeignText(process.stdout, `  completed: ${lines[SAMPLE.line - 1]}${text}\n\n`);
}

async function untilEnded(): Promise<void> {
  if (ended.signal.aborted) return;
  // A timer keeps the process alive, and the signal ends the wait.
  const alive = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => ended.signal.addEventListener('abort', () => resolve(), { once: true }));
  clearInterval(alive);
}
