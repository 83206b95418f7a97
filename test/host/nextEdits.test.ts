import assert from 'node:assert/strict';
import type { Window } from './driver.ts';
import { shownHints, waitForHint, waitForNoHint } from './hints.ts';
import { describeHost, type Scenario } from './hostSession.ts';
import { NEXT_EDIT_SETTINGS, openKnownFile } from './knownFile.ts';
import { NEWEST_HOST } from './setup.ts';
import { waitFor } from './waitFor.ts';

const TEXT = [
  'export function area(width: number): number {',
  '  const total = width * 2;',
  '  log(total);',
  '  return total;',
  '}',
  '',
].join('\n');

const renamed = (...uses: readonly string[]): string =>
  TEXT.replace('const total', 'const sum')
    .replace('log(total)', `log(${uses[0]})`)
    .replace('return total', `return ${uses[1]}`);

/** Opens the file, and renames the constant as soon as the sidecar knows the document. */
async function rename(host: Scenario): Promise<{ readonly window: Window; readonly file: string }> {
  const file = await host.write('src/area.ts', TEXT);
  const window = await openKnownFile(host, file);
  await window.goTo(2, 9);
  await window.press('Control+Shift+ArrowRight');
  await window.type('sum');
  return { window, file };
}

describeHost(
  NEWEST_HOST,
  (scenario) => {
    scenario('after a name was renamed by typing, Tab goes to each use and accepts it', async (host) => {
      const { window, file } = await rename(host);
      await waitForHint(window, 'Tab: next edit');
      await window.press('Tab');
      await waitForHint(window, 'Tab: accept');
      await window.savedText(file, (text) => text === renamed('total', 'total'));
      await window.press('Tab');
      await window.savedText(file, (text) => text === renamed('sum', 'total'));
      await waitForHint(window, 'Tab: next edit');
      await window.press('Tab');
      await waitForHint(window, 'Tab: accept');
      await window.press('Tab');
      await window.savedText(file, (text) => text === renamed('sum', 'sum'));
      await window.press('Control+Z');
      await window.savedText(file, (text) => text === renamed('sum', 'total'));
    });

    scenario('a screen reader hears the suggested change', async (host) => {
      const { window } = await rename(host);
      await waitForHint(window, 'Tab: next edit');
      const alert = window.page.locator('.part.statusbar [role="alert"]');
      await waitFor('an alert', async () => {
        const label = await alert.getAttribute('aria-label');
        return label === 'Next edit in line 3: “total” becomes “sum”. Tab: next edit';
      });
      await window.press('Tab');
      await waitFor('an alert', async () => (await alert.getAttribute('aria-label'))?.endsWith('Tab: accept'));
      await window.press('Escape');
      await alert.waitFor({ state: 'detached' });
    });

    scenario('typing over a suggested change drops it', async (host) => {
      const { window, file } = await rename(host);
      await waitForHint(window, 'Tab: next edit');
      await window.press('Tab');
      await waitForHint(window, 'Tab: accept');
      await window.type('my');
      await window.savedText(file, (text) => text === renamed('mytotal', 'total'));
      assert.ok(!(await shownHints(window)).some((text) => text.includes('Tab: accept')));
    });

    scenario('Esc hides the suggested changes, and Tab indents again', async (host) => {
      const { window, file } = await rename(host);
      await waitForHint(window, 'Tab: next edit');
      await window.press('Escape');
      await waitForNoHint(window);
      await window.press('Tab');
      await window.savedText(file, (text) => /const sum {2,}=/.test(text) && text.includes('return total;'));
    });
  },
  { settings: NEXT_EDIT_SETTINGS },
);
