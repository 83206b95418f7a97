import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { CALL_SITES, type CallSite, restOfCall } from './callSites.ts';
import { waitForFileInContext } from './contextList.ts';
import type { Window } from './driver.ts';
import { describeHost, type Scenario } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';

/** Tried with `CHORUS_CALL_SITES=some`: places where the small model of the tests gets it right. With `all` it takes minutes; without, none is tried. */
const ALWAYS = ['pottery.py', 'src/sail.ts', 'crossing.go', 'src/pilot.rs', 'shop/Cellar.java', 'src/deck.c'];
const triesAll = process.env['CHORUS_CALL_SITES'] === 'all';
const sites = triesAll ? CALL_SITES : CALL_SITES.filter(({ caller }) => ALWAYS.includes(caller.path));
/** Such a model writes some arguments wrong. */
const MIN_RIGHT = triesAll ? 20 : ALWAYS.length;

/** The ghost text at each site, all in one window, beside the definitions of all sites; with them in the index, where the context is on. */
async function ghostTexts(host: Scenario, { context }: { readonly context: boolean }): Promise<ReadonlyMap<CallSite, string>> {
  for (const { definition } of CALL_SITES) await host.write(definition.path, definition.text);
  const window = await host.openWindow();
  if (context) await untilIndexed(host, window);
  const found = new Map<CallSite, string>();
  for (const site of sites) {
    const { path, text } = site.caller;
    const file = await host.write(path, text.slice(0, -1));
    await window.openFile(file);
    await window.goToEnd();
    // Without the context a model may have nothing to say at all.
    found.set(site, await window.typeForGhostText(text.slice(-1)).catch(() => ''));
    // One caller is no context of the next.
    await rm(file);
    await window.command('Revert and Close Editor');
  }
  return found;
}

/** On a busy machine a window's first completion may come before its files are in the index. */
async function untilIndexed(host: Scenario, window: Window): Promise<void> {
  const file = await host.write('ready.py', 'from orchard import press\n\npress');
  await window.openFile(file);
  await window.goToEnd();
  await waitForFileInContext(window, 'orchard/press.py', { typing: ' ; press.' });
  await rm(file);
  await window.command('Revert and Close Editor');
}

const withoutSpaces = (text: string): string => text.replaceAll(/\s/g, '');
const nameOf = (site: CallSite): string => restOfCall(site).slice(0, restOfCall(site).indexOf('('));

if (process.env['CHORUS_CALL_SITES'] !== undefined) describeHost(NEWEST_HOST, (scenario) => {
  scenario(`calls to functions of other files show their names and arguments, at ${sites.length} places in ${new Set(sites.map(({ language }) => language)).size} languages`, async (host) => {
    const found = await ghostTexts(host, { context: true });
    const isRight = (site: CallSite): boolean => withoutSpaces(found.get(site) ?? '').startsWith(withoutSpaces(restOfCall(site)));
    const wrong = sites.filter((site) => !isRight(site)).map((site) => `${site.caller.path}: ${found.get(site)}, not ${restOfCall(site)}`);
    assert.ok(sites.length - wrong.length >= MIN_RIGHT, wrong.join('\n'));
  });

  scenario('and other names where the user takes the context away', async (host) => {
    await host.write('.vscode/settings.json', JSON.stringify({ 'chorus.context.workspace': false }));
    const found = await ghostTexts(host, { context: false });
    const right = sites.filter((site) => found.get(site)?.startsWith(`${nameOf(site)}(`));
    assert.deepEqual(right.map((site) => `${site.caller.path}: ${found.get(site)}`), []);
  });
});
