import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { hostTarget } from '../../.scripts/package/targets.ts';
import { BUNDLED_MODEL_FILE } from '../../sidecar/shelf/defaultModel.ts';
import { Packages } from '../package/packages.ts';
import type { Window } from './driver.ts';
import { HostSession, type Scenario } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';

/** Tests the package as a user gets it, without settings and without files of this checkout. */
describe(`this platform's package, installed in VS Code ${NEWEST_HOST}`, () => {
  let packages: Packages;
  let session: HostSession;
  /** The tests share its window. */
  let host: Scenario;
  before(async () => {
    packages = await Packages.open();
    session = await HostSession.start(NEWEST_HOST, { vsix: await packages.named(`chorus-${hostTarget().name}-`) });
    host = await session.newScenario();
  });
  after(async () => {
    await session.stop();
    await packages[Symbol.asyncDispose]();
  });

  /** Runs steps in a window without open editors. After a failure the window's contents are kept. */
  async function inWindow(steps: (window: Window) => Promise<void>): Promise<void> {
    try {
      await host.startAgain();
      await steps(await host.sharedWindow());
    } catch (error) {
      await host.recordFailure('package');
      throw error;
    }
  }

  it('completes code with its model, on our own engine', () =>
    inWindow(async (window) => {
      await window.openFile(host.file('src/point.ts'));
      await window.goTo(13, 11);
      assert.equal((await window.typeForGhostText(' ')).trim(), 'new Point(this.x - other.x, this.y - other.y);');
      const { modelPath, engine } = await host.sidecarStatus();
      assert.equal(modelPath, path.join(session.extensionFolder, 'dist', 'models', BUNDLED_MODEL_FILE));
      assert.equal(engine, 'chorus');
    }));

  it('explains the result of a selected function with its model', () =>
    inWindow(async (window) => {
      await window.openFile(host.file('src/stock.py'));
      await window.goTo(4, 1);
      for (let line = 0; line < 3; line++) await window.press('Shift+ArrowDown');
      await window.command('Chorus: Explain Selection');
      const chat = await window.chatView();
      const answer = await chat.answerEnds();
      assert.match(
        answer,
        /articles .*below .*minimum[^]*Parameters: stock, minimum\nReturns: list\[str\]\nCalls: sorted, stock\.items/,
      );
    }));

  it('warns of its model in the chat panel, and offers other models', () =>
    inWindow(async (window) => {
      const chat = await window.openNewChat();
      await chat.modelNotice().waitFor();
      await chat.button('Choose a model for chat…').click();
      await window.page.locator('.quick-input-list', { hasText: 'Chorus-0.5B' }).waitFor();
    }));
});
