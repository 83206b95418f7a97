import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { listOf, waitForFileInContext } from './contextList.ts';
import { describeHost, type Scenario } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';
import type { Window } from './driver.ts';
import { waitFor } from './waitFor.ts';

const PRICING =
  'def gross_price(net_price: float, vat_rate: float) -> float:\n    """Price with tax."""\n    return net_price * (1 + vat_rate)\n';
const MAIN = 'from shop import pricing\n\n\ndef order(item):\n    price = pricing';

/** Opens `main.py` and types the point after `pricing`. */
async function ghostTextBehindPoint(host: Scenario): Promise<{ window: Window; ghost: string }> {
  await host.write('main.py', MAIN);
  const window = await host.openWindow();
  await window.openFile(host.file('main.py'));
  await window.goToEnd();
  return { window, ghost: await window.typeForGhostText('.') };
}

describeHost(NEWEST_HOST, (scenario) => {
  scenario('a call shows another name if the user switches the context off', async (host) => {
    await host.write('shop/pricing.py', PRICING);
    await host.write('.vscode/settings.json', JSON.stringify({ 'chorus.context.workspace': false }));
    const { ghost } = await ghostTextBehindPoint(host);
    assert.doesNotMatch(ghost, /gross_price/);
  });

  scenario(
    'no text of an ignored file is in a completion, nor of a secret file through a link with another name',
    async (host) => {
      const hidden: readonly (readonly [folder: string, files: Readonly<Record<string, string>>])[] = [
        ['ignored', { '.gitignore': 'shop/\n' }],
        ['ownIgnored', { '.chorusignore': 'pricing.py\n' }],
        ['ownIgnoredInRepository', { '.chorusignore': 'pricing.py\n', 'shop/.git/HEAD': 'ref: refs/heads/main\n' }],
        ['secret', {}],
      ];
      for (const [folder, files] of hidden) {
        for (const [name, text] of Object.entries({ ...files, [`${folder}.py`]: MAIN }))
          await host.write(`${folder}/${name}`, text);
        if (folder === 'secret') {
          await host.write('secret/shop/.env', PRICING);
          await symlink('.env', host.file('secret/shop/pricing.py'));
        } else await host.write(`${folder}/shop/pricing.py`, PRICING);
      }
      const window = await host.openWindow();
      for (const [folder] of hidden) {
        await window.openFile(host.file(`${folder}/${folder}.py`));
        await window.goToEnd();
        assert.doesNotMatch(await window.typeForGhostText('.'), /gross_price/, folder);
        await window.closeEditors();
      }
    },
  );

  scenario(
    'no text of a repository that the workspace ignores is in a completion, even after a file of it changes',
    async (host) => {
      await host.write('.gitignore', 'shop/\n');
      await host.write('shop/.git/HEAD', 'ref: refs/heads/main\n');
      await host.write('shop/pricing.py', PRICING);
      const { window, ghost } = await ghostTextBehindPoint(host);
      assert.doesNotMatch(ghost, /gross_price/);
      const files = /workspace: (\d+)/.exec((await listOf(window, 'Chorus: Show Context')).title)?.[1];
      await host.write('shop/pricing.py', `${PRICING}\n`);
      await host.write('stock.py', 'def level(item: str) -> int:\n    return 0\n');
      await waitFor('the new file alone in the index', async () =>
        (await listOf(window, 'Chorus: Show Context')).title.includes(`workspace: ${Number(files) + 1}`),
      );
    },
  );

  scenario('a language server selects one of many definitions', async (host) => {
    for (const side of ['north', 'south', 'east', 'west', 'upper', 'lower', 'inner', 'outer']) {
      const method = `reckon${side[0]?.toUpperCase()}${side.slice(1)}Brass`;
      await host.write(
        `src/stands/${side}/till.ts`,
        `export class Till {\n  /** What lies in the tray. */\n  ${method}(trayMark: string): number {\n    return trayMark.length;\n  }\n}\n`,
      );
    }
    await host.write('src/index.ts', "export { Till } from './stands/south/till';\n");
    await host.write('src/close.ts', "import { Till } from './index';\n\nexport function close(till: Till) {\n  till");
    const window = await host.openWindow();
    await window.openFile(host.file('src/close.ts'));
    await window.goToEnd();
    await window.type('.');
    // The server starts with the document and answers only a later ranking. Each attempt is a separate statement, since
    // "till. till." would ask for a property of that name.
    const rows = await waitForFileInContext(window, 'stands/south/till.ts', { typing: ' ; till.' });
    assert.deepEqual(
      rows.filter((row) => row.includes('stands/') && !row.includes('south')),
      [],
    );
  });

  scenario(
    "a call shows the real name of another file's function, the user sees why, and new files are included",
    async (host) => {
      await host.write('shop/pricing.py', PRICING);
      const { window, ghost } = await ghostTextBehindPoint(host);
      assert.match(ghost, /^gross_price\(/);
      const why = await listOf(window, 'Chorus: Why This Completion?');
      assert.ok(
        why.rows.some((row) => row.includes('gross_price') && row.includes('shop/pricing.py:1')),
        why.rows.join('\n'),
      );
      const before = await listOf(window, 'Chorus: Show Context');
      assert.ok(
        before.rows.some((row) => row.includes('shop/pricing.py') && row.includes('imported here')),
        before.rows.join('\n'),
      );
      const files = /workspace: (\d+)/.exec(before.title)?.[1];
      await host.write('shop/stock.py', 'def level(item: str) -> int:\n    return 0\n');
      await waitFor('the new file in the index', async () =>
        (await listOf(window, 'Chorus: Show Context')).title.includes(`workspace: ${Number(files) + 1}`),
      );
    },
  );
});
