import assert from 'node:assert/strict';
import path from 'node:path';
import type { Window } from '../../test/host/driver.ts';
import { waitForHint, waitForNoHint } from '../../test/host/hints.ts';
import { waitForFileInContext } from '../../test/host/contextList.ts';
import { waitFor } from '../../test/host/waitFor.ts';
import { animatedPng, type Frame } from './animatedPng.ts';
import { IN_LOOP } from './shop.ts';

/** Brings a window into the state of a picture and returns the picture, a PNG. */
type Scene = (window: Window, workspace: string) => Promise<Buffer>;

/** Pictures that show a list or an answer beside the code. */
export const TALL_SCENES: readonly string[] = ['explain', 'context', 'status'];

const TYPED = 'sum += ';
const KEY_MS = 110;
const LOOK_MS = 1_500;

/** The pictures of README.md by their names in `docs/images/`. */
export const SCENES: Readonly<Record<string, Scene>> = {
  'ghost-text': async (window, workspace) => {
    await openLoop(window, workspace);
    await window.typeForGhostText(TYPED);
    await assertCall(window);
    return window.picture();
  },

  animation: async (window, workspace) => {
    const frames: Frame[] = [];
    const take = async (shownMs: number): Promise<void> => {
      frames.push({ png: await window.picture(), shownMs });
    };
    await openLoop(window, workspace);
    await take(LOOK_MS);
    for (const key of TYPED) {
      await window.type(key);
      await take(KEY_MS);
    }
    await assertCall(window);
    await take(LOOK_MS);
    await window.press('Tab');
    await take(LOOK_MS);
    await renameSum(window, () => take(KEY_MS));
    await take(LOOK_MS);
    for (let edit = 0; edit < 2; edit++) {
      await window.press('Tab');
      await waitForHint(window, 'Tab: accept');
      await take(LOOK_MS);
      await window.press('Tab');
      await (edit === 0 ? waitForHint(window, 'Tab: next edit') : waitForNoHint(window));
      await take(LOOK_MS);
    }
    await take(LOOK_MS);
    return animatedPng(frames);
  },

  'next-edit': async (window, workspace) => {
    await openLoop(window, workspace);
    await window.typeForGhostText(TYPED);
    await window.press('Tab');
    await renameSum(window);
    return window.picture();
  },

  explain: async (window, workspace) => {
    await window.openFile(path.join(workspace, 'src/stock.py'));
    await window.goTo(4, 1);
    for (let line = 0; line < 3; line++) await window.press('Shift+ArrowDown');
    await window.command('Chorus: Explain Selection');
    const answer = await (await window.chatView()).answerEnds();
    assert.match(answer, /list the articles .*below .*minimum[^]*Returns: list\[str\]/);
    return window.picture();
  },

  context: async (window, workspace) => {
    await openLoop(window, workspace);
    await window.typeForGhostText(TYPED);
    await window.command('Chorus: Show Context');
    await window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'pricing.ts' }).waitFor();
    return window.picture();
  },

  status: async (window, workspace) => {
    await openLoop(window, workspace);
    await window.typeForGhostText(TYPED);
    await window.press('Escape');
    await window.chorusStatus().click();
    await window.page.locator('.quick-input-list .monaco-list-row').first().waitFor();
    return window.picture();
  },
};

/** Opens the place where the pictures type, and waits until the model has read the other files. */
async function openLoop(window: Window, workspace: string): Promise<void> {
  await window.openFile(path.join(workspace, IN_LOOP.file));
  await window.goTo(IN_LOOP.line, IN_LOOP.column);
  await waitForFileInContext(window, 'pricing.ts', { typing: 's' });
  await waitFor('the file as it was saved', async () => {
    await window.press('Control+Z');
    return (await window.dirtyTabs().count()) === 0;
  });
}

/** Waits for ghost text with the function of the other file. */
async function assertCall(window: Window): Promise<void> {
  const shown = await window.shownGhostText((text) => text.includes(';'));
  assert.match(shown, /^withTax\(item\.netPrice/);
}

/** Renames the sum by typing, and waits for the next edit. */
async function renameSum(window: Window, afterKey: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  await window.goTo(6, 7);
  await window.press('Control+Shift+ArrowRight');
  await afterKey();
  for (const key of 'total') {
    await window.type(key);
    await afterKey();
  }
  await waitForHint(window, 'Tab: next edit');
}
