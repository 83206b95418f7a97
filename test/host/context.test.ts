import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { describeHost, type Scenario } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';
import type { Window } from './driver.ts';

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
});
