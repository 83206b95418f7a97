import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { listOf } from './contextList.ts';
import type { Window } from './driver.ts';
import { describeHost, type Scenario } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';
import { waitFor } from './waitFor.ts';

const PRICING =
  'def gross_price(net_price: float, vat_rate: float) -> float:\n    """Price with tax."""\n    return net_price * (1 + vat_rate)\n';
const MAIN = 'from shop import pricing\n\n\ndef order(item):\n    price = pricing';

/** Types the point after `pricing` in a file and returns the ghost text. */
async function ghostTextIn(window: Window, file: string): Promise<string> {
  await window.openFile(file);
  await window.goToEnd();
  return window.typeForGhostText('.');
}

async function contextRows(window: Window): Promise<readonly string[]> {
  return (await listOf(window, 'Chorus: Show Context')).rows;
}

describeHost(NEWEST_HOST, (scenario) => {
  scenario(
    'a secret and an ignored file are in no prompt, open and edited or not, and a plain file is',
    async (host) => {
      const kept = {
        'shop/.env': 'gross_price(SECRET)\n',
        'shop/server.key': PRICING,
        'build/pricing.py': PRICING,
        'private/pricing.py': PRICING,
      };
      await host.write('.gitignore', 'build/\n');
      await host.write('.chorusignore', 'private/\n');
      await host.write('shop/pricing.py', PRICING.replace('gross_price', 'plain_price'));
      for (const [name, text] of Object.entries(kept)) await host.write(name, text);
      const window = await host.openWindow();
      for (const name of Object.keys(kept)) {
        await window.openFile(host.file(name));
        await window.goToEnd();
        await window.type('# gross_price\n');
      }
      const ghost = await ghostTextIn(window, await host.write('main.py', MAIN));
      assert.doesNotMatch(ghost, /gross_price/);
      const rows = (await contextRows(window)).join('\n');
      assert.match(rows, /shop\/pricing\.py/);
      for (const name of Object.keys(kept)) assert.ok(!rows.includes(name), rows);
    },
  );

  scenario('several folders form one workspace, and each file is named by its folder', async (host) => {
    await host.write('tools/shop/pricing.py', PRICING);
    await host.write('app/main.py', MAIN);
    await host.write('team.code-workspace', JSON.stringify({ folders: [{ path: 'tools' }, { path: 'app' }] }));
    const window = await host.openWindow({ workspace: host.file('team.code-workspace') });
    assert.match(await ghostTextIn(window, host.file('app/main.py')), /^gross_price\(/);
    const rows = (await contextRows(window)).join('\n');
    assert.match(rows, /tools\/shop\/pricing\.py/);
    assert.doesNotMatch(rows, /src\//, 'what lies beside the folders is not of the workspace');
  });

  scenario('two windows on two workspaces share only a sidecar', async (host) => {
    const other = await host.session.newScenario();
    try {
      await host.write('shop/pricing.py', PRICING);
      await other.write('shop/stock.py', 'def level(item: str) -> int:\n    return 0\n');
      const first = await host.openWindow();
      assert.match(await ghostTextIn(first, await host.write('main.py', MAIN)), /^gross_price\(/);
      const { pid } = await host.sidecar();
      const second = await other.openWindow();
      assert.doesNotMatch(await ghostTextIn(second, await other.write('main.py', MAIN)), /gross_price|vat_rate/);
      assert.equal((await other.sidecar()).pid, pid);
      assert.ok(!(await contextRows(second)).some((row) => row.includes('pricing')));
    } finally {
      await other.closeWindows();
    }
  });

  scenario(
    'a workspace that vanishes leaves the prompts, and the open document is still completed',
    async (host: Scenario) => {
      await host.write('shop/pricing.py', PRICING);
      await host.write('main.py', MAIN);
      const window = await host.openWindow();
      assert.match(await ghostTextIn(window, host.file('main.py')), /^gross_price\(/);
      await rm(host.workspace, { recursive: true });
      await waitFor('an empty context', async () =>
        (await contextRows(window)).every((row) => !row.includes('pricing')),
      );
      await window.press('Escape');
      await window.type('x\n    total = 1 +');
      assert.notEqual((await window.typeForGhostText(' ')).trim(), '');
    },
  );
});
