import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BUNDLED_MODEL_FILE } from '../../sidecar/shelf/defaultModel.ts';
import { repository } from './extensionFolder.ts';
import { HostSession } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';

/** Tests the package as a user gets it, without settings and without files of this checkout. */
describe(`this platform's package, installed in VS Code ${NEWEST_HOST}`, () => {
  let work: string;
  let session: HostSession;
  before(async () => {
    work = await mkdtemp(path.join(os.tmpdir(), 'chorus-vsix-'));
    await execa(process.execPath, ['--import', 'tsx', '.scripts/package.ts', '--out', work], { cwd: repository });
    const vsix = path.join(work, (await readdir(work)).find((name) => name.endsWith('.vsix')) ?? 'no package');
    session = await HostSession.start(NEWEST_HOST, { vsix });
  });
  after(async () => {
    await session.stop();
    await rm(work, { recursive: true, force: true });
  });

  /** Runs steps in their own scenario. After a failure the window's contents are kept. */
  async function inWindow(
    steps: (host: Awaited<ReturnType<HostSession['newScenario']>>) => Promise<void>,
  ): Promise<void> {
    const host = await session.newScenario();
    try {
      await steps(host);
    } catch (error) {
      await host.recordFailure('package');
      throw error;
    } finally {
      await host.closeWindows();
    }
  }

  it('completes code with its model, on our own engine', () =>
    inWindow(async (host) => {
      const window = await host.openWindow();
      await window.openFile(host.file('src/point.ts'));
      await window.goTo(13, 11);
      assert.equal((await window.typeForGhostText(' ')).trim(), 'new Point(this.x - other.x, this.y - other.y);');
      const { modelPath, engine } = await host.sidecarStatus();
      assert.equal(modelPath, path.join(session.extensionFolder, 'dist', 'models', BUNDLED_MODEL_FILE));
      assert.equal(engine, 'chorus');
    }));

  it('explains the result of a selected function with its model', () =>
    inWindow(async (host) => {
      const window = await host.openWindow();
      await window.openFile(host.file('src/stock.py'));
      await window.goTo(4, 1);
      for (let line = 0; line < 3; line++) await window.press('Shift+ArrowDown');
      await window.command('Chorus: Explain Selection');
      const chat = await window.chatView();
      const answer = await chat.answerEnds();
      assert.match(answer, /returns a list of article names .* (below|less than) the (specified )?minimum/);
    }));

  it('warns of its model in the chat panel, and offers other models', () =>
    inWindow(async (host) => {
      const window = await host.openWindow();
      const chat = await window.openChat();
      await chat.modelNotice().waitFor();
      await chat.button('Choose a model for chat…').click();
      await window.page.locator('.quick-input-list', { hasText: 'Chorus-0.5B' }).waitFor();
    }));
});
