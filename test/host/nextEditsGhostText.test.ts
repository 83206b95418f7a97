import type { Window } from './driver.ts';
import { waitForHint, waitForNoHint } from './hints.ts';
import { describeHost, type Scenario } from './hostSession.ts';
import { NEXT_EDIT_SETTINGS, openKnownFile } from './knownFile.ts';
import { TESTED_HOSTS } from './setup.ts';

const TEXT = [
  'export function area(width: number): number {',
  '  return width;',
  '}',
  'export function show(height: number): void {',
  '  log(area(2));',
  '  log(area(3));',
  '}',
  '',
].join('\n');

const withCalls = (first: string, second: string): string =>
  TEXT.replace('width: number', 'width: number, height: number')
    .replace('area(2)', `area(${first})`)
    .replace('area(3)', `area(${second})`);

/** Adds a parameter by typing, and goes to the first call. Its new argument is shown as ghost text there. */
async function goToCall(host: Scenario): Promise<{ readonly window: Window; readonly file: string }> {
  const file = await host.write('src/area.ts', TEXT);
  const window = await openKnownFile(host, file);
  await window.goTo(1, 35);
  await window.type(', height: number');
  await waitForHint(window, 'Tab: next edit');
  await window.press('Tab');
  await window.shownGhostText((text) => text === ', height');
  await waitForNoHint(window);
  return { window, file };
}

for (const version of TESTED_HOSTS)
  describeHost(
    version,
    (scenario) => {
      scenario(
        'a change that adds text at the cursor is ghost text, which Tab accepts in one step of undo',
        async (host) => {
          const { window, file } = await goToCall(host);
          await window.screenshot('next-edit-ghost-text');
          await window.press('Tab');
          await window.savedText(file, (text) => text === withCalls('2, height', '3'));
          await waitForHint(window, 'Tab: next edit');
          await window.press('Tab');
          await window.shownGhostText((text) => text === ', height');
          await window.press('Tab');
          await window.savedText(file, (text) => text === withCalls('2, height', '3, height'));
          await window.press('Control+Z');
          await window.savedText(file, (text) => text === withCalls('2, height', '3'));
        },
      );

      scenario('ghost text of a next edit can be typed, or accepted by word', async (host) => {
        const { window, file } = await goToCall(host);
        await window.type(', hei');
        await window.shownGhostText((text) => text === 'ght');
        await window.press('Control+ArrowRight');
        await window.savedText(file, (text) => text === withCalls('2, height', '3'));
        await waitForHint(window, 'Tab: next edit');
      });

      scenario('Esc hides ghost text of a next edit, and Tab indents again', async (host) => {
        const { window, file } = await goToCall(host);
        await window.press('Escape');
        await window.ghostText().first().waitFor({ state: 'detached' });
        await window.press('Tab');
        await window.savedText(file, (text) => /area\(2 +\)/.test(text) && text.includes('area(3)'));
        await waitForNoHint(window);
      });

      scenario('typing something else drops the ghost text of a next edit', async (host) => {
        const { window, file } = await goToCall(host);
        await window.type(' * 4');
        await window.savedText(file, (text) => text.includes('area(2 * 4)') && text.includes('area(3)'));
      });
    },
    { settings: NEXT_EDIT_SETTINGS },
  );
