import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after } from 'node:test';
import { CALL_SITES, hasName, isRight, restOfCall, type CallSite } from './callSites.ts';
import { writeCallSitesPage, type GhostTexts } from './callSitesPage.ts';
import { defaultModelPath } from '../../sidecar/shelf/defaultModel.ts';
import { waitForFileInContext } from './contextList.ts';
import type { Window } from './driver.ts';
import { describeHost, type Scenario } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';

/**
 * Places that the small test model completes correctly. `CHORUS_CALL_SITES=all` tries all places, which takes minutes,
 * and writes `docs/results/call-sites.md`.
 */
const USUAL = ['pottery.py', 'src/sail.ts', 'crossing.go', 'src/pilot.rs', 'shop/Cellar.java', 'src/deck.c'];
/** All places are tried with the model of a new installation. */
const triesAll = process.env['CHORUS_CALL_SITES'] === 'all';
const modelPath = triesAll ? await defaultModelPath() : undefined;
const sites = triesAll ? CALL_SITES : CALL_SITES.filter(({ caller }) => USUAL.includes(caller.path));
/** The minimum number of right calls, since such a model writes some arguments wrong. */
const MIN_RIGHT = triesAll ? 20 : USUAL.length;
/** The minimum number of shown texts, since a place without ghost text has no wrong name. */
const MIN_SHOWN = sites.length / 2;

/**
 * Returns the ghost text at each site, all in one window with the definitions of all sites in the workspace. If the
 * context is on, the definitions are in the index.
 */
async function ghostTexts(host: Scenario, { context }: { readonly context: boolean }): Promise<GhostTexts> {
  for (const { definition } of CALL_SITES) await host.write(definition.path, definition.text);
  const window = await host.openWindow();
  if (context) await untilIndexed(host, window);
  const found = new Map<CallSite, string>();
  for (const site of sites) {
    const { path, text } = site.caller;
    const file = await host.write(path, text.slice(0, -1));
    await window.openFile(file);
    await window.goToEnd();
    // Without the context a model may suggest nothing at all.
    found.set(site, await window.typeForGhostText(text.slice(-1)).catch(() => ''));
    // Removed, so that a caller is no context of the next.
    await rm(file);
    await window.command('Revert and Close Editor');
  }
  return found;
}

/** Waits for the index: on a busy machine a window's first completion may come before its files are indexed. */
async function untilIndexed(host: Scenario, window: Window): Promise<void> {
  const file = await host.write('ready.py', 'from orchard import press\n\npress');
  await window.openFile(file);
  await window.goToEnd();
  await waitForFileInContext(window, 'orchard/press.py', { typing: ' ; press.' });
  await rm(file);
  await window.command('Revert and Close Editor');
}

describeHost(
  NEWEST_HOST,
  (scenario) => {
    let withContext: GhostTexts | undefined;
    let without: GhostTexts | undefined;
    after(async () => {
      if (triesAll && withContext && without)
        await writeCallSitesPage({ withContext, without, modelPath: await defaultModelPath() });
    });

    scenario(
      `calls to functions of other files show their names and arguments, at ${sites.length} places in ${new Set(sites.map(({ language }) => language)).size} languages`,
      async (host) => {
        assert.ok(sites.length >= MIN_RIGHT, `there are ${sites.length} places`);
        const found = (withContext = await ghostTexts(host, { context: true }));
        const wrong = sites.filter((site) => !isRight(site, found.get(site)));
        assert.ok(
          sites.length - wrong.length >= MIN_RIGHT,
          wrong.map((site) => `${site.caller.path}: ${found.get(site)}, not ${restOfCall(site)}`).join('\n'),
        );
      },
    );

    scenario('the names are wrong if the user switches the context off', async (host) => {
      await host.write('.vscode/settings.json', JSON.stringify({ 'chorus.context.workspace': false }));
      const found = (without = await ghostTexts(host, { context: false }));
      const shown = sites.filter((site) => found.get(site));
      assert.ok(shown.length >= MIN_SHOWN, `ghost text came at ${shown.length} of ${sites.length} places`);
      const named = sites.filter((site) => hasName(site, found.get(site)));
      assert.deepEqual(
        named.map((site) => `${site.caller.path}: ${found.get(site)}`),
        [],
      );
    });
  },
  { modelPath },
);
