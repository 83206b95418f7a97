import { describeHost } from './hostSession.ts';
import { waitForHint } from './hints.ts';
import { NEXT_EDIT_SETTINGS, openKnownFile } from './knownFile.ts';
import { NEWEST_HOST } from './setup.ts';
import { waitFor } from './waitFor.ts';

const TEXT = [
  'export function readAll(source: FileReader): Promise<string> {',
  '  return source.all();',
  '}',
  '',
  'export function readLine(source: FileReader): Promise<string> {',
  '  return source.line();',
  '}',
  '',
].join('\n');

describeHost(
  NEWEST_HOST,
  (scenario) => {
    scenario('where no rule finds a change, the model suggests the same change in a similar line', async (host) => {
      const file = await host.write('src/read.ts', TEXT);
      const window = await openKnownFile(host, file);
      // A completion loads the model.
      await window.command('Trigger Inline Suggestion');
      await waitFor('the loaded model', async () => (await host.sidecarStatus()).state === 'ready');
      await window.press('Escape');
      await window.goTo(1, 33);
      await window.press('Control+Shift+ArrowRight');
      await window.type('LineReader');
      await waitForHint(window, 'Tab: next edit');
      await window.press('Tab');
      await waitForHint(window, 'Tab: accept');
      await window.press('Tab');
      await window.savedText(file, (text) => text === TEXT.replaceAll('FileReader', 'LineReader'));
    });
  },
  { settings: NEXT_EDIT_SETTINGS, hasModel: true },
);
