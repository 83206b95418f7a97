import { waitForHint } from './hints.ts';
import { describeHost } from './hostSession.ts';
import { NEXT_EDIT_SETTINGS, openKnownFile } from './knownFile.ts';
import { NEWEST_HOST } from './setup.ts';

const AREA = 'export function area(width: number): number {\n  return width * 2;\n}\n';
const USER = "import { area } from './area';\n\nconsole.log(area(3));\n";

describeHost(
  NEWEST_HOST,
  (scenario) => {
    scenario('Tab opens a file that is not open, and goes through the changes there', async (host) => {
      const file = await host.write('src/area.ts', AREA);
      const user = await host.write('src/user.ts', USER);
      const window = await openKnownFile(host, file);
      await window.goTo(1, 17);
      await window.press('Control+Shift+ArrowRight');
      await window.type('surface');
      await waitForHint(window, '→ user.ts · Tab: next edit');
      await window.press('Tab');
      await waitForHint(window, 'Tab: accept');
      await window.press('Tab');
      await waitForHint(window, 'Tab: next edit');
      await window.press('Tab');
      await waitForHint(window, 'Tab: accept');
      await window.press('Tab');
      await window.savedText(
        user,
        (text) => text === USER.replaceAll('area(', 'surface(').replace('{ area', '{ surface'),
      );
    });
  },
  { settings: NEXT_EDIT_SETTINGS },
);
