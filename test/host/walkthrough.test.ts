import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';
import type { Window } from './driver.ts';
import { repository } from './extensionFolder.ts';
import { waitForHint } from './hints.ts';
import { describeHost } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';
import { waitFor } from './waitFor.ts';

const read = (file: string): Readonly<Record<string, string>> =>
  JSON.parse(readFileSync(path.join(repository, file), 'utf8')) as Record<string, string>;
const texts = read('package.nls.json');
const inJapanese = read('package.nls.ja.json');
const STEPS = ['ghostText', 'nextEdits', 'chat', 'model', 'privacy'];

const steps = (window: Window): Locator => window.page.locator('.gettingStartedContainer .getting-started-step');

/** The page that was opened last: the picture of the step, or the chat panel. */
const newestWebview = (window: Window): FrameLocator =>
  window.page.frameLocator('iframe.webview.ready >> nth=-1').frameLocator('iframe#active-frame');

/** Opens the walkthrough, and expands a step. */
async function openStep(window: Window, step: string): Promise<Locator> {
  await window.command(`Chorus: ${texts['command.openWalkthrough']}`);
  const found = steps(window).filter({ hasText: texts[`walkthrough.${step}.title`] });
  await found.waitFor();
  if (!(await found.getAttribute('class'))?.includes('expanded')) await found.click();
  await found.locator('.step-description-container').waitFor();
  return found;
}

describeHost(
  NEWEST_HOST,
  (scenario) => {
    scenario('the walkthrough has its steps, each with a picture', async (host) => {
      const window = await host.openWindow();
      // A narrow editor shows no pictures.
      await window.press('Control+B');
      await openStep(window, 'ghostText');
      const titles = await steps(window).locator('.step-title').allTextContents();
      assert.deepEqual(
        titles,
        STEPS.map((step) => texts[`walkthrough.${step}.title`]),
      );
      for (const step of STEPS) {
        await openStep(window, step);
        await newestWebview(window).locator('svg').first().waitFor();
      }
    });

    scenario('the sample of the walkthrough shows ghost text, and a next edit after a rename', async (host) => {
      const window = await host.openWindow();
      const step = await openStep(window, 'ghostText');
      await step.getByRole('button', { name: texts['command.openSample'] }).click();
      await window.editor().waitFor();
      await window.editor().locator('.view-line', { hasText: '// 1.' }).waitFor();
      await window.typeForGhostText(' ');
      await window.press('Tab');
      await window.goTo(14, 7);
      await window.press('Control+Shift+ArrowRight');
      await window.type('that');
      await waitForHint(window, 'Tab: next edit');
      await window.press('Tab');
      await waitForHint(window, 'Tab: accept');
      await window.press('Tab');
      await waitFor('the renamed use', async () =>
        (await window.editor().textContent())?.replaceAll('\u00a0', ' ').includes('this.x + that.x'),
      );
    });

    scenario('the walkthrough is in the language of a language pack', async (host) => {
      const window = await host.openWindow({ displayLanguage: 'ja' });
      await window.command(`Chorus: ${inJapanese['command.openWalkthrough']}`);
      await steps(window).filter({ hasText: inJapanese['walkthrough.nextEdits.title'] }).waitFor();
    });

    const opened: readonly (readonly [step: string, button: string, what: (window: Window) => Locator])[] = [
      ['chat', 'Open Chat', (window) => newestWebview(window).locator('textarea.input')],
      ['model', 'Choose Model…', (window) => window.page.locator('.quick-input-list .monaco-list-row').first()],
      ['model', 'Show Status Menu', (window) => window.page.locator('.quick-input-list .monaco-list-row').first()],
      ['privacy', 'Settings', (window) => window.page.locator('.settings-editor .setting-item-title').first()],
    ];
    for (const [name, button, what] of opened)
      scenario(`the button “${button}” of the walkthrough works`, async (host) => {
        const window = await host.openWindow();
        const step = await openStep(window, name);
        await step.getByRole('button', { name: button }).click();
        await window.appears(what(window));
      });
  },
  { settings: { 'files.autoSave': 'off' } },
);

describeHost(
  NEWEST_HOST,
  (scenario) => {
    scenario('the walkthrough opens once after the installation', async (host) => {
      const window = await host.openWindow();
      await steps(window).first().waitFor();
      await window.command('View: Close All Editors');
      await steps(window).first().waitFor({ state: 'hidden' });
      await window.page.reload();
      await window.chorusStatus().waitFor();
      // The extension has been activated when it answers a command.
      await window.command(`Chorus: ${texts['command.menu']}`);
      await window.page.locator('.quick-input-list .monaco-list-row').first().waitFor();
      assert.equal(await steps(window).count(), 0);
    });
  },
  { settings: { 'workbench.welcomePage.walkthroughs.openOnInstall': true } },
);
