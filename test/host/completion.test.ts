import assert from 'node:assert/strict';
import { describeHost } from './hostSession.ts';
import { NEWEST_HOST, OLDEST_HOST } from './setup.ts';

const FILE = 'src/point.ts';
/** After `return` in the body of `subtract`. */
const PLACE = [13, 11] as const;

for (const version of [NEWEST_HOST, OLDEST_HOST]) {
  describeHost(version, (scenario) => {
    scenario('typing shows ghost text from the sidecar, and Tab takes it', async (host) => {
      const window = await host.openWindow();
      await window.openFile(host.file(FILE));
      await window.goTo(...PLACE);
      const ghost = await window.typeForGhostText(' ');
      await window.screenshot('ghost-text');
      await window.press('Tab');
      const text = await window.savedText(host.file(FILE), (saved) => saved.includes(`return ${ghost.trimStart()}`));
      assert.match(text, /return \S/);
    });

    scenario('text typed as the ghost text says keeps it on the screen', async (host) => {
      const window = await host.openWindow();
      await window.openFile(host.file(FILE));
      await window.goTo(...PLACE);
      const ghost = await window.typeForGhostText(' ');
      await window.type(ghost.slice(0, 3));
      // The text shrinks with each character.
      await window.shownGhostText((shown) => shown === ghost.slice(3));
    });

    scenario('a secret file gets no ghost text, and the next file does', async (host) => {
      const secret = await host.write('.env', 'API_USER=shop\nAPI_KEY=abcdef\nAPI_HOST=');
      const window = await host.openWindow();
      await window.openFile(secret);
      await window.goToEnd();
      await window.type('l');
      await window.command('Trigger Inline Suggestion');
      await window.openFile(host.file(FILE));
      await window.goTo(...PLACE);
      await window.typeForGhostText(' ');
      await window.openFile(secret);
      await window.goToEnd();
      await window.type('o');
      assert.equal(await window.ghostText().count(), 0);
    });
  });
}
