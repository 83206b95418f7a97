import { waitForHint } from './hints.ts';
import { describeHost } from './hostSession.ts';
import { NEXT_EDIT_SETTINGS, openKnownFile } from './knownFile.ts';
import { NEWEST_HOST } from './setup.ts';

const BETWEEN = Array.from({ length: 60 }, (_, index) => `export const line${index} = ${index};`);
const TEXT = [
  'async function load(): Promise<string> {',
  "  return 'text';",
  '}',
  'export async function size(): Promise<number> {',
  '  return load().;',
  '}',
  'function now(): number {',
  '  return 1;',
  '}',
  ...BETWEEN,
  'export async function later(): Promise<string> {',
  '  return now().toFixed(1);',
  '}',
  '',
].join('\n');

describeHost(
  NEWEST_HOST,
  (scenario) => {
    scenario(
      'a quick fix of a language server is suggested for the problem that the last edit caused',
      async (host) => {
        const file = await host.write('src/load.ts', TEXT);
        const window = await openKnownFile(host, file);
        await window.goTo(5, 17);
        await window.type('length');
        await waitForHint(window, 'Tab: next edit');
        await window.press('Tab');
        await waitForHint(window, 'Tab: accept');
        await window.press('Tab');
        await window.savedText(file, (text) => text.includes('return (await load()).length;'));
      },
    );

    scenario('a quick fix far away is a jump', async (host) => {
      const text = TEXT.replace('load().;', '(await load()).length;').replace('return 1', 'return Promise.resolve(1)');
      const file = await host.write('src/load.ts', text);
      const window = await openKnownFile(host, file);
      await window.goTo(7, 17);
      await window.press('Control+Shift+ArrowRight');
      await window.type('Promise<number>');
      await waitForHint(window, '↓ Tab: next edit');
      await window.press('Tab');
      await waitForHint(window, 'Tab: accept');
      await window.press('Tab');
      await window.savedText(file, (now) => now.includes('return (await now()).toFixed(1);'));
    });
  },
  { settings: NEXT_EDIT_SETTINGS },
);
