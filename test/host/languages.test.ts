import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { INTERFACE_LANGUAGES } from '../../l10n/languages.ts';
import { repository } from './extensionFolder.ts';
import type { Window } from './driver.ts';
import { describeHost } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';
import { waitFor } from './waitFor.ts';

const texts = (file: string): Readonly<Record<string, string>> =>
  JSON.parse(readFileSync(path.join(repository, file), 'utf8')) as Record<string, string>;
const english = texts('package.nls.json');

describeHost(NEWEST_HOST, (scenario) => {
  for (const { language, direction } of [
    { language: 'ar', direction: 'rtl' },
    { language: 'ja', direction: 'ltr' },
    { language: 'de', direction: 'ltr' },
    { language: 'hi', direction: 'ltr' },
  ] as const) {
    scenario(`panel and commands switch to ${language} when the setting does`, async (host) => {
      const window = await host.openWindow();
      const chat = await window.openChat();
      await chooseLanguage(window, INTERFACE_LANGUAGES[language]);
      const bundle = texts(`l10n/bundle.l10n.${language}.json`);
      const manifest = texts(`package.nls.${language}.json`);
      await waitFor(
        'the panel in the language',
        async () => (await chat.input.getAttribute('aria-label').catch(() => undefined)) === bundle['Question'],
      );
      assert.equal(await window.webview().locator('html').getAttribute('dir'), direction);
      assert.equal(await window.webview().locator('html').getAttribute('lang'), language);

      await window.command(`Chorus: ${english['command.commands']}`);
      const row = window.page
        .locator('.quick-input-list .monaco-list-row', { hasText: manifest['command.explain'] ?? '' })
        .first();
      await row.waitFor();
      await window.press('Escape');
      await chooseLanguage(window, bundle["VS Code's display language"] ?? '');
      await waitFor(
        'the panel in English',
        async () => (await chat.input.getAttribute('aria-label').catch(() => undefined)) === 'Question',
      );
    });
  }

  scenario('titles of the manifest are in the language of a language pack', async (host) => {
    const window = await host.openWindow({ displayLanguage: 'hi' });
    const title = texts('package.nls.hi.json')['command.restartSidecar'] ?? '';
    await window.press('F1');
    const input = window.page.locator('.quick-input-widget input[type="text"]');
    await input.fill(`>Chorus: ${title}`);
    await window.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().waitFor();
    await window.press('Escape');
    // Without the setting everything else follows the display language too.
    const label = await window.chorusStatus().getAttribute('aria-label');
    assert.match(label ?? '', /Chorus: [\p{Script=Deva}]/u);
  });

  scenario('no ghost text appears while an input method composes', async (host) => {
    const window = await host.openWindow();
    const file = await host.write('src/composed.js', '');
    await window.openFile(file);
    const typed = 'function add(a, b) { return ';
    await window.typeForGhostText(typed);
    const method = await window.inputMethod();
    for (const composing of ['に', 'にほ', 'にほん', 'にほんご']) {
      await method.compose(composing);
      await waitFor('no ghost text while composing', async () => (await window.ghostText().count()) === 0);
    }
    // Longer than the wait for a typing pause. Still no ghost text is shown or inserted.
    await delay(1_500);
    assert.equal(await window.ghostText().count(), 0);
    await method.commit('日本語');
    const saved = await window.savedText(file, (text) => text.includes('日本語'));
    assert.ok(saved.startsWith(`${typed}日本語`), JSON.stringify(saved));
    assert.doesNotMatch(saved, /に|ほ|ん|ご/);
  });
});

/** Chooses the interface's language by its own name, as a user who reads no other language. */
async function chooseLanguage(window: Window, name: string): Promise<void> {
  await window.command(`Chorus: ${english['command.language']}`);
  const input = window.page.locator('.quick-input-widget input[type="text"]');
  await input.fill(name);
  await window.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: name }).waitFor();
  await input.press('Enter');
}
