import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, describe } from 'node:test';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { ModelMirror } from '../sidecar/shelf/modelMirror.ts';
import { stallAfter, whole } from '../sidecar/shelf/modelServer.ts';
import type { Window } from './driver.ts';
import { describeHost } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';
import { waitFor } from './waitFor.ts';

const model = await fetchModel();
const file = path.basename(model);
// The first window's download stalls, so that there is time to pause it.
const mirror = await ModelMirror.start(model, 'Q4_1', stallAfter(40_000_000), whole);
after(() => mirror[Symbol.asyncDispose]());

/** Opens the list, waits for its models, and picks the first line that contains `text`. */
async function choose(window: Window, text: string, picture?: string): Promise<void> {
  await window.command('Chorus: Choose Model…');
  const row = window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'recommended here' });
  await row.waitFor();
  if (picture !== undefined) await window.screenshot(picture);
  const input = window.page.locator('.quick-input-widget input[type="text"]');
  await input.fill(text);
  await window.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first().waitFor();
  await input.press('Enter');
  await input.waitFor({ state: 'hidden' });
}

describe('models', () => {
  describeHost(
    NEWEST_HOST,
    (scenario) => {
      scenario(
        'are downloaded from a mirror, paused, continued and used, and ghost text comes from the downloaded model',
        async (host) => {
          const window = await host.openWindow();
          await choose(window, 'SmolLM2 135M', 'choose-model');
          const notification = (text: string) => window.page.locator('.notification-list-item', { hasText: text });
          const progress = notification('Downloading SmolLM2 135M');
          await progress.filter({ hasText: /4\d\s?%/ }).waitFor();
          await window.screenshot('model-download');
          await progress.getByRole('button', { name: 'Cancel' }).click();
          await notification('is paused at').getByRole('button', { name: 'Resume' }).click();
          const downloaded = path.join(host.session.server.chorusHome, 'models', 'smollm2-135m', file);
          await waitFor(
            'the downloaded model in use',
            async () => ((await host.sidecarStatus()).modelPath === downloaded ? true : undefined),
            { timeoutMs: 60_000 },
          );
          assert.deepEqual(await readFile(downloaded), await readFile(model));
          assert.deepEqual(
            mirror.server.requests.map(({ url }) => url),
            Array.from({ length: 2 }, () => `/chorus/models/resolve/main/${file}`),
          );
          await window.openFile(host.file('src/point.ts'));
          await window.goTo(13, 11);
          await window.typeForGhostText(' ');
        },
      );

      scenario('whose licence forbids commercial use are downloaded only after it is accepted', async (host) => {
        const before = mirror.server.requests.length;
        const window = await host.openWindow();
        await choose(window, 'Aya 23 8B');
        const dialog = window.dialog('may not be used commercially');
        await dialog.filter({ hasText: 'CC-BY-NC-4.0' }).waitFor();
        await window.screenshot('model-licence');
        await dialog.getByRole('button', { name: 'Cancel' }).click();
        await dialog.waitFor({ state: 'hidden' });
        assert.equal(mirror.server.requests.length, before);
      });
    },
    { settings: mirror.settings },
  );
});
