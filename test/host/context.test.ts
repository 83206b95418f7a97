import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { describeHost, type Scenario } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';
import type { Window } from './driver.ts';
import { waitFor } from './waitFor.ts';

const PRICING = 'def gross_price(net_price: float, vat_rate: float) -> float:\n    """Price with tax."""\n    return net_price * (1 + vat_rate)\n';
const MAIN = 'from shop import pricing\n\n\ndef order(item):\n    price = pricing';

/** Opens `main.py` and types the point behind `pricing`. */
async function ghostTextBehindPoint(host: Scenario): Promise<{ window: Window; ghost: string }> {
  await host.write('main.py', MAIN);
  const window = await host.openWindow();
  await window.openFile(host.file('main.py'));
  await window.goToEnd();
  return { window, ghost: await window.typeForGhostText('.') };
}

describeHost(NEWEST_HOST, (scenario) => {
  scenario('a call to a function of another file shows its real name', async (host) => {
    await host.write('shop/pricing.py', PRICING);
    const { ghost } = await ghostTextBehindPoint(host);
    assert.match(ghost, /^gross_price\(/);
  });

  scenario('and does not where the user takes the context away', async (host) => {
    await host.write('shop/pricing.py', PRICING);
    await host.write('.vscode/settings.json', JSON.stringify({ 'chorus.context.workspace': false }));
    const { ghost } = await ghostTextBehindPoint(host);
    assert.doesNotMatch(ghost, /gross_price/);
  });

  for (const [kind, ignored] of [['an ignored', { '.gitignore': 'shop/\n' }], ['an own ignored', { '.chorusignore': 'pricing.py\n' }]] as const) {
    scenario(`nothing of ${kind} file is in a completion`, async (host) => {
      await host.write('shop/pricing.py', PRICING);
      for (const [name, text] of Object.entries(ignored)) await host.write(name, text);
      const { ghost } = await ghostTextBehindPoint(host);
      assert.doesNotMatch(ghost, /gross_price/);
    });
  }

  scenario('nor of a secret one that a link gives another name', async (host) => {
    await host.write('shop/.env', PRICING);
    await symlink('.env', host.file('shop/pricing.py'));
    const { ghost } = await ghostTextBehindPoint(host);
    assert.doesNotMatch(ghost, /gross_price/);
  });

  scenario('the user sees what is in the context and why, and a file that is written meanwhile counts', async (host) => {
    await host.write('shop/pricing.py', PRICING);
    const { window, ghost } = await ghostTextBehindPoint(host);
    assert.match(ghost, /^gross_price\(/);
    const why = await listOf(window, 'Chorus: Why This Completion?');
    assert.ok(why.rows.some((row) => row.includes('gross_price') && row.includes('shop/pricing.py:1')), why.rows.join('\n'));
    const before = await listOf(window, 'Chorus: Show Context');
    assert.ok(before.rows.some((row) => row.includes('shop/pricing.py') && row.includes('imported here')), before.rows.join('\n'));
    const files = /workspace: (\d+)/.exec(before.title)?.[1];
    await host.write('shop/stock.py', 'def level(item: str) -> int:\n    return 0\n');
    await waitFor('the new file in the index', async () => (await listOf(window, 'Chorus: Show Context')).title.includes(`workspace: ${Number(files) + 1}`));
  });
});

/** What a command of Chorus lists. */
async function listOf(window: Window, command: string): Promise<{ readonly title: string; readonly rows: readonly string[] }> {
  await window.command(command);
  const widget = window.page.locator('.quick-input-widget');
  const title = widget.locator('.quick-input-title', { hasText: 'Context:' });
  await title.waitFor();
  const found = { title: (await title.textContent()) ?? '', rows: await widget.locator('.monaco-list-row').allTextContents() };
  await window.press('Escape');
  return found;
}
