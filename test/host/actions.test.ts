import assert from 'node:assert/strict';
import { commitWorkspace } from './committedWorkspace.ts';
import { describeHost } from './hostSession.ts';
import { TESTED_HOSTS } from './setup.ts';
import { waitFor } from './waitFor.ts';

const FILE = 'src/cart.ts';

for (const version of TESTED_HOSTS) {
  describeHost(version, (scenario, scenarioInSharedWindow) => {
    scenarioInSharedWindow('a fix is accepted in a preview, and one undo reverts it', async (host) => {
      const window = await host.sharedWindow();
      const original = await host.read(FILE);
      await window.openFile(host.file(FILE));
      await window.page.locator('.part.editor .squiggly-error').first().waitFor();
      await window.goTo(13, 5);
      await window.command('Chorus: Fix This Problem');
      await window.appears(window.diffEditor());
      await window.screenshot('fix-preview');
      assert.equal(await host.read(FILE), original, 'a preview changes no file');
      await window.command('Chorus: Accept Edit');
      await window.diffEditor().waitFor({ state: 'hidden' });
      await window.focusEditor();
      const fixed = await window.savedText(host.file(FILE), (text) => text !== original);
      assert.notEqual(fixed, original);
      await window.press('Control+Z');
      await window.savedText(host.file(FILE), (text) => text === original);
    });

    scenarioInSharedWindow('a rejected preview changes nothing', async (host) => {
      const window = await host.sharedWindow();
      const original = await host.read(FILE);
      await window.openFile(host.file(FILE));
      await window.goTo(9, 5);
      await window.command('Chorus: Document');
      await window.appears(window.diffEditor());
      await window.command('Chorus: Reject Edit');
      await window.diffEditor().waitFor({ state: 'hidden' });
      assert.equal(await window.dirtyTabs().count(), 0);
      // Typing and saving happen after all effects of the rejection.
      await window.focusEditor();
      await window.goToEnd();
      await window.type('// end');
      await window.savedText(host.file(FILE), (text) => text.includes('// end'));
      assert.equal(await host.read(FILE), `${original}// end`);
    });

    scenarioInSharedWindow(
      'tests, a translation and a refactoring come as previews, and accepting changes only their document',
      async (host) => {
        const window = await host.sharedWindow();
        const original = await host.read(FILE);
        const decide = async (decision: 'Accept' | 'Reject'): Promise<void> => {
          await window.appears(window.diffEditor());
          await window.command(`Chorus: ${decision} Edit`);
          await window.diffEditor().waitFor({ state: 'hidden' });
          await window.focusEditor();
        };
        await window.openFile(host.file('src/point.ts'));
        await window.goTo(9, 5);
        await window.command('Chorus: Write Tests');
        await decide('Accept');
        await window.page.locator('.part.editor .tab.active.dirty', { hasText: 'point.test.ts' }).waitFor();
        await window.savedText(host.file('src/point.test.ts'), (text) => text.includes('new Point('));

        await window.openFile(host.file(FILE));
        await window.goTo(9, 5);
        await window.command('Chorus: Translate Comments and Strings');
        await window.answerInput('German');
        await decide('Reject');
        await window.command('Chorus: Refactor');
        await window.answerInput('Rename total to sum.');
        await decide('Accept');
        // The model must not change the text before the function, but may rename things inside it.
        const before = original.slice(0, original.indexOf('/**'));
        await window.savedText(
          host.file(FILE),
          (text) => text !== original && text.startsWith(before) && text.includes('(items: Item[])'),
        );
        await waitFor('no tab with unsaved changes', async () => (await window.dirtyTabs().count()) === 0);
      },
    );

    scenarioInSharedWindow('an explanation goes to the chat panel', async (host) => {
      const window = await host.sharedWindow();
      await window.openFile(host.file(FILE));
      await window.goTo(9, 5);
      await window.command('Chorus: Explain Selection');
      const chat = await window.chatView();
      assert.match(await chat.answerBegins(), /\S/);
    });

    scenario('a commit message appears in the source control box', async (host) => {
      commitWorkspace(host.workspace);
      await host.write(FILE, `${await host.read(FILE)}\nexport const currency = 'EUR';\n`);
      const window = await host.openWindow();
      await window.statusBarItem('main').waitFor();
      await window.command('Chorus: Write Commit Message');
      await window.appears(window.page.locator('.scm-editor .view-lines', { hasText: /\w/ }).first());
    });
  });
}
