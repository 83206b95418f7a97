/**
 * `npm run test:desktop`: runs the in-host tests in the desktop's newest and oldest VS Code, downloaded by
 * @vscode/test-electron. `CHORUS_VSCODE` names the program of an installed VS Code instead. On Linux without a display
 * it needs `xvfb-run`.
 */
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { execa } from 'execa';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { developerCacheFolder, fetchModel } from '../../.scripts/fetchModel.ts';
import { onPath } from '../../.scripts/system.ts';
import { copySampleWorkspace, repository } from '../host/extensionFolder.ts';
import { OLDEST_HOST } from '../host/setup.ts';
import { stopSidecar } from '../host/sidecarProcess.ts';
import { bundleInHostTests } from './bundle.ts';

if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
  process.exitCode = await runUnderVirtualDisplay();
} else {
  for (const version of process.env['CHORUS_VSCODE'] ? ['installed'] : ['stable', OLDEST_HOST])
    await testVersion(version);
}

async function testVersion(version: string): Promise<void> {
  const model = await fetchModel();
  const vscodeExecutablePath = process.env['CHORUS_VSCODE'] ?? (await download(version));
  const work = await mkdtemp(path.join(os.tmpdir(), 'chorus-desktop-'));
  const home = path.join(work, 'home');
  console.log(`\nVS Code ${version}: ${vscodeExecutablePath}`);
  try {
    await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: repository,
      // The tests are inside the extension's folder, so that they count as the extension and need no consent to use its
      // model.
      extensionTestsPath: await bundleInHostTests(path.join(repository, 'dist', 'test')),
      extensionTestsEnv: { CHORUS_HOME: home, CHORUS_MODEL: model },
      launchArgs: [
        await copySampleWorkspace(path.join(work, 'sample')),
        ...['--user-data-dir', path.join(work, 'data'), '--extensions-dir', path.join(work, 'extensions')],
        ...['--disable-workspace-trust', '--disable-telemetry', '--skip-welcome', '--no-sandbox', '--disable-gpu'],
      ],
    });
  } finally {
    await stopSidecar(home);
    await rm(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function download(version: string): Promise<string> {
  const cachePath = path.join(developerCacheFolder(), 'desktop');
  await mkdir(cachePath, { recursive: true });
  try {
    return await downloadAndUnzipVSCode({ version, cachePath });
  } catch (cause) {
    throw new Error(
      `VS Code ${version} couldn't be downloaded from update.code.visualstudio.com. Set CHORUS_VSCODE to an installed VS Code's program, or test in the browser host: npm run test:host`,
      { cause },
    );
  }
}

async function runUnderVirtualDisplay(): Promise<number> {
  if (!onPath('xvfb-run')) {
    console.error(
      "The desktop's VS Code needs a display. Install a virtual one (Debian: apt-get install xvfb xauth), or test in the browser host: npm run test:host",
    );
    return 1;
  }
  const { exitCode } = await execa(
    'xvfb-run',
    ['-a', process.execPath, '--import', 'tsx', fileURLToPath(import.meta.url)],
    { stdio: 'inherit', reject: false },
  );
  return exitCode ?? 1;
}
