import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { hostTarget } from '../../.scripts/package/targets.ts';
import { MODEL_EXTENSION_ID, MODEL_EXTENSION_VERSION } from '../../sidecar/common/modelExtension.ts';
import { allParts } from '../../sidecar/models/gguf/validate.ts';
import { BUNDLED_MODEL_FILE } from '../../sidecar/shelf/defaultModel.ts';
import { Packages } from '../package/packages.ts';
import { HostSession } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';

/** Tests the packages of Open VSX as a user gets them: Chorus, and its model in an extension of its own. */
describe(`Open VSX's packages for this platform, installed in VS Code ${NEWEST_HOST}`, () => {
  let packages: Packages;
  let session: HostSession;
  let model: string;
  before(async () => {
    packages = await Packages.open();
    session = await HostSession.start(NEWEST_HOST, {
      vsix: await packages.named(`chorus-open-vsx-${hostTarget().name}-`),
      otherVsix: [await packages.named('chorus-model-')],
    });
    const extensions = path.dirname(session.extensionFolder);
    model = path.join(extensions, `${MODEL_EXTENSION_ID}-${MODEL_EXTENSION_VERSION}`, 'models', BUNDLED_MODEL_FILE);
  });
  after(async () => {
    await session.stop();
    await packages[Symbol.asyncDispose]();
  });

  /** Runs steps in their own scenario. After a failure the window's contents are kept. */
  async function inWindow(
    name: string,
    steps: (host: Awaited<ReturnType<HostSession['newScenario']>>) => Promise<void>,
  ): Promise<void> {
    const host = await session.newScenario();
    try {
      await steps(host);
    } catch (error) {
      await host.recordFailure(`open-vsx ${name}`);
      throw error;
    } finally {
      await host.closeWindows();
    }
  }

  it('say which part of the model is missing, and complete again once it is there', () =>
    inWindow('incomplete', async (host) => {
      const part = allParts(model)[1] as string;
      await rename(part, `${part}.away`);
      const window = await host.openWindow();
      await window.openFile(host.file('src/point.ts'));
      await window.goTo(13, 11);
      await window.type(' ');
      const message = `The extension "Chorus Model" is incomplete: ${path.basename(part)} is missing`;
      await window.page.locator('.notification-toast', { hasText: message }).waitFor();
      await window.command('Chorus: Choose Model…');
      await window.page.locator('.quick-input-list .monaco-list-row').first().waitFor();
      await window.press('Escape');

      await rename(`${part}.away`, part);
      await window.command('Chorus: Restart Sidecar');
      await window.focusEditor();
      await window.goTo(13, 12);
      await window.press('Backspace');
      assert.equal((await window.typeForGhostText(' ')).trim(), 'new Point(this.x - other.x, this.y - other.y);');
    }));

  it('complete code with the model of the other extension', () =>
    inWindow('complete', async (host) => {
      const window = await host.openWindow();
      await window.openFile(host.file('src/point.ts'));
      await window.goTo(13, 11);
      assert.equal((await window.typeForGhostText(' ')).trim(), 'new Point(this.x - other.x, this.y - other.y);');
      const { modelPath, engine } = await host.sidecarStatus();
      assert.equal(modelPath, model);
      assert.equal(engine, 'chorus');
      await window.command('Chorus: Choose Model…');
      await window.page.locator('.quick-input-list', { hasText: 'bundled with Chorus' }).waitFor();
    }));
});
