import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { describeHost } from './hostSession.ts';
import { TESTED_HOSTS } from './setup.ts';
import { waitFor } from './waitFor.ts';

const FILE = 'src/point.ts';
/** After `return` in the body of `subtract`. */
const PLACE = [13, 11] as const;

for (const version of TESTED_HOSTS) {
  describeHost(version, (scenario, scenarioInSharedWindow) => {
    scenarioInSharedWindow('typing shows ghost text from the sidecar, and Tab accepts it', async (host) => {
      const window = await host.sharedWindow();
      await window.openFile(host.file(FILE));
      await window.goTo(...PLACE);
      const ghost = await window.typeForGhostText(' ');
      await window.press('Tab');
      const text = await window.savedText(host.file(FILE), (saved) => saved.includes(`return ${ghost.trimStart()}`));
      assert.match(text, /return \S/);
    });

    scenarioInSharedWindow('ghost text continues after a bracket that the editor closed', async (host) => {
      const file = await host.write(
        'src/check.js',
        'function isEmpty(list) {\n  return list.length === 0;\n}\n\nfunction check(result) {\n  if \n}\n',
      );
      const window = await host.sharedWindow();
      await window.openFile(file);
      await window.goTo(6, 6);
      await window.type('(isEmpty(result)');
      await window.typeForGhostText(' ');
      await window.press('Tab');
      const text = await window.savedText(file, (saved) => saved.includes('(isEmpty(result)'));
      assert.match(text, /if \(isEmpty\(result\).*\) \{\n/);
    });

    scenarioInSharedWindow('the context for a resting cursor is evaluated before the user types', async (host) => {
      const window = await host.sharedWindow();
      await window.openFile(host.file(FILE));
      await window.goTo(...PLACE);
      await window.typeForGhostText(' ');
      const { placesRead, requests } = await host.statistics();
      await window.goTo(10, 4);
      await waitFor('the place to be read', async () => (await host.statistics()).placesRead > placesRead || undefined);
      assert.equal((await host.statistics()).requests, requests, 'nothing was asked');
    });

    scenarioInSharedWindow(
      'the completion after an accepted one is prepared while the first is shown',
      async (host) => {
        const window = await host.sharedWindow();
        await window.openFile(
          await host.write(
            'sums.py',
            'def add(a, b):\n    total = a + b\n    return total\n\n\ndef subtract(a, b):\n    total = a',
          ),
        );
        await window.goToEnd();
        const prepared = (await host.runningSidecar()) === undefined ? 0 : (await host.statistics()).prepared;
        assert.match(await window.typeForGhostText(' '), /^- b/);
        // The text after the sum, and the line after it.
        const before = await waitFor('two completions that are prepared', async () => {
          const statistics = await host.statistics();
          return statistics.prepared >= prepared + 2 ? statistics : undefined;
        });
        await window.press('Tab');
        await window.press('Enter');
        assert.match(await window.shownGhostText(), /^return total/);
        const after = await host.statistics();
        assert.equal(after.answered - before.answered, after.cached - before.cached, 'nothing was asked of the model');
      },
    );

    scenarioInSharedWindow('typing the ghost text keeps the rest on the screen', async (host) => {
      const window = await host.sharedWindow();
      await window.openFile(host.file(FILE));
      await window.goTo(...PLACE);
      const ghost = await window.typeForGhostText(' ');
      await window.type(ghost.slice(0, 3));
      // The text shrinks with each character.
      await window.shownGhostText((shown) => shown === ghost.slice(3));
    });

    scenario(
      'the sidecar gets no secret file, link to it or ignored file, but gets the same text under another name',
      async (host) => {
        const text = 'API_USER=shop\nAPI_KEY=abcdef\nAPI_HOST=';
        await host.write('.gitignore', 'build/\n');
        await symlink('.env', host.file('keys.txt'));
        const window = await host.openWindow();
        await window.openFile(host.file(FILE));
        await window.goTo(...PLACE);
        await window.typeForGhostText(' ');
        const before = await host.reachedSidecar();
        for (const kept of ['.env', 'keys.txt', 'build/generated.txt']) {
          await window.openFile(await host.write(kept, text));
          await window.goToEnd();
          await window.type('l');
          await window.command('Trigger Inline Suggestion');
          assert.deepEqual(await host.reachedSidecar(), before, kept);
        }
        await window.openFile(await host.write('settings.txt', text));
        await window.goToEnd();
        await window.type('l');
        await window.command('Trigger Inline Suggestion');
        await waitFor('the request', async () => (await host.reachedSidecar()).requests > before.requests);
        // A document that was not sent would have come before.
        assert.equal((await host.reachedSidecar()).documents, before.documents + 1);
      },
    );

    scenarioInSharedWindow('a word and a line of ghost text are accepted', async (host) => {
      const window = await host.sharedWindow();
      await window.openFile(host.file(FILE));
      await window.goTo(...PLACE);
      const ghost = await window.typeForGhostText(' ');
      await window.press('Control+ArrowRight');
      const rest = await window.shownGhostText((shown) => shown.length < ghost.length);
      assert.ok(ghost.endsWith(rest), `${JSON.stringify(rest)} is the rest of ${JSON.stringify(ghost)}`);
      await window.press('Alt+End');
      const line = `return ${ghost.split('\n')[0] ?? ''}`;
      await window.savedText(host.file(FILE), (saved) => saved.split('\n').some((each) => each.trim() === line.trim()));
    });

    scenarioInSharedWindow(
      'ghost text shows beside an open suggestion list and continues the suggestion',
      async (host) => {
        const window = await host.sharedWindow();
        await window.openFile(host.file(FILE));
        await window.goTo(...PLACE);
        await window.typeForGhostText(' new Poin');
        await window.press('Control+Space');
        await window.page.locator('.suggest-widget.visible .monaco-list-row.focused', { hasText: 'Point' }).waitFor();
        assert.match(await window.shownGhostText(), /^t\(/);
      },
    );

    scenarioInSharedWindow('a notebook cell gets ghost text that uses the cell above', async (host) => {
      const window = await host.sharedWindow();
      await host.write('sums.ipynb', notebook('def add(a, b):\n    return a + b', 'def subtract(a, b):\n    return'));
      await window.openNotebook(host.file('sums.ipynb'));
      await window.press('ArrowDown');
      await window.press('Enter');
      await window.page.locator('.notebook-editor .monaco-editor.focused').waitFor();
      await window.goToEnd();
      assert.match(await window.typeForGhostText(' '), /^a - b/);
    });
  });
}

/** Returns a notebook of Python cells. */
function notebook(...cells: readonly string[]): string {
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { language_info: { name: 'python' } },
    cells: cells.map((source, index) => ({
      id: `cell${index}`,
      cell_type: 'code',
      source,
      metadata: {},
      outputs: [],
      execution_count: null,
    })),
  });
}
