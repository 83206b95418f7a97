/**
 * Measures a new user's first steps: from this platform's package to the first ghost text, and to a larger model from a
 * mirror on this machine.
 *
 * The larger model is Qwen2.5-Coder-1.5B. Its bytes come from the developers' cache through the usual download.
 *
 *   npx tsx test/bench/firstRun.ts [--vsix FILE] [--write]
 */
import { execa } from 'execa';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { bundledModelPath } from '../../sidecar/shelf/defaultModel.ts';
import { installVsix } from '../host/codeServer.ts';
import { repository } from '../host/extensionFolder.ts';
import { HostSession } from '../host/hostSession.ts';
import { ModelMirror } from '../sidecar/shelf/modelMirror.ts';
import { NEWEST_HOST, setUpHost } from '../host/setup.ts';
import { waitFor } from '../host/waitFor.ts';
import { writeReport } from './report.ts';

const { values: options } = parseArgs({
  options: { vsix: { type: 'string' }, write: { type: 'boolean', default: false } },
});

const LARGER = {
  id: 'qwen2.5-coder-1.5b',
  name: 'Qwen2.5 Coder 1.5B',
  publisher: 'Alibaba Cloud',
  page: 'https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct',
  parameters: 1_543_714_304,
  architecture: 'qwen2',
  shape: {
    blockCount: 28,
    embeddingLength: 1536,
    headCount: 12,
    keyValueHeadCount: 2,
    headLength: 128,
    vocabularySize: 151_936,
  },
  contextTokens: 32_768,
};

interface Step {
  readonly what: string;
  /** The user's action. Empty while the user waits. */
  readonly user: string;
  readonly seconds: number;
}
const steps: Step[] = [];

async function step<Result>(what: string, user: string, work: () => Promise<Result>): Promise<Result> {
  const startMs = performance.now();
  const result = await work();
  steps.push({ what, user, seconds: (performance.now() - startMs) / 1000 });
  console.log(`${steps.at(-1)!.seconds.toFixed(1).padStart(6)} s  ${what}`);
  return result;
}

const work = await mkdtemp(path.join(os.tmpdir(), 'chorus-first-run-'));
try {
  const vsix = options.vsix ?? (await packageVsix());
  const larger = await fetchModel('qwen2.5-coder-1.5b');
  await using mirror = await ModelMirror.offer(LARGER, { modelPath: larger, type: 'Q4_K_M' });
  const host = await setUpHost(NEWEST_HOST);
  await step('the package is installed', 'Install from VSIX', () =>
    installVsix({ host, folder: path.join(work, 'install') }, vsix),
  );
  const session = await HostSession.start(NEWEST_HOST, { vsix, settings: mirror.settings });
  try {
    await takeSteps(session, mirror);
  } finally {
    await session.stop();
  }
  const { size } = await stat(larger);
  await report(size);
} finally {
  await rm(work, { recursive: true, force: true });
}

async function packageVsix(): Promise<string> {
  await execa(process.execPath, ['--import', 'tsx', '.scripts/package.ts', '--out', work], { cwd: repository });
  return path.join(work, (await readdir(work)).find((name) => name.endsWith('.vsix')) ?? 'no package');
}

async function takeSteps(session: HostSession, mirror: ModelMirror): Promise<void> {
  const scenario = await session.newScenario();
  const window = await step('a window opens, Chorus in its status bar', 'open a folder', () => scenario.openWindow());
  await window.openFile(scenario.file('src/point.ts'));
  await window.goTo(13, 11);
  await step('the first ghost text, of the bundled model', 'type', () => window.typeForGhostText(' '));
  const quickInput = window.page.locator('.quick-input-widget input[type="text"]');
  const row = window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'recommended here' });
  await step('the list recommends models for this machine', 'Chorus: Choose Model…', async () => {
    await window.command('Chorus: Choose Model…');
    await row.waitFor();
  });
  const downloaded = path.join(session.server.chorusHome, 'models', LARGER.id, mirror.file);
  await step('the model is downloaded, checked and loaded', 'pick it', async () => {
    await quickInput.fill(LARGER.name);
    await quickInput.press('Enter');
    await waitFor(
      'the downloaded model in use',
      async () => {
        const { modelPath, state } = await scenario.sidecarStatus();
        return modelPath === downloaded && (state === 'ready' || state === 'busy') ? true : undefined;
      },
      { timeoutMs: 120_000 },
    );
  });
  await window.focusEditor();
  await window.press('Escape');
  // Uses another place, since the bundled model's text at the first place may still be stored.
  await window.goToEnd();
  await step('ghost text of the larger model', 'type', () =>
    window.typeForGhostText('\nexport function distance(a: Point, b: Point): number {\n  return '),
  );
}

async function report(largerBytes: number): Promise<void> {
  const rows = steps.map(({ what, user, seconds }) => `| ${user} | ${what} | ${seconds.toFixed(1)} |`);
  const total = steps.reduce((sum, { seconds }) => sum + seconds, 0);
  const toGhostText = steps.slice(0, 3).reduce((sum, { seconds }) => sum + seconds, 0);
  const body = `A new user's steps, and the time of each until its result is on the screen. The only setting is the mirror, a web server on this machine. The larger model is
Qwen2.5-Coder-1.5B (${Math.round(largerBytes / 1e6)} MB). Over a network the download takes as long as the network needs. From the package to the first
ghost text: **3 steps, ${toGhostText.toFixed(0)} s**; to ghost text of a larger model: **${steps.length} steps, ${total.toFixed(0)} s**. Opening a file and going to a place in it are not counted as steps.

The times are of VS Code in a browser, with server, window, sidecar and other load on the same two cores. They show where a user waits, but not how fast Chorus is.

| the user | until | seconds |
|---|---|---:|
${rows.join('\n')}`;
  console.log(body);
  if (options.write)
    await writeReport({
      name: 'first-run',
      title: 'First run',
      body,
      figures: steps,
      model: `${path.basename((await bundledModelPath()) ?? '')}, bundled`,
      command: 'npx tsx test/bench/firstRun.ts --write',
    });
}
