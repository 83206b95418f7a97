import assert from 'node:assert/strict';
import type { Window } from '../../test/host/driver.ts';
import { waitForHint, waitForNoHint } from '../../test/host/hints.ts';
import { animatedPng, type Frame } from './animatedPng.ts';
import { LOW, openLoop, restingPicture, TALL, WIDE, withDark, type Scene, type Scenes } from './scene.ts';

const TYPED = 'sum += ';
const KEY_MS = 110;
const LOOK_MS = 1_500;
const QUESTION = 'Sort items by price in TypeScript. Answer with one line of code.';

const animation: Scene = {
  size: { ...WIDE, height: 540 },
  take: async (stage) => {
    const { window } = stage;
    const frames: Frame[] = [];
    const take = async (shownMs: number): Promise<void> => {
      frames.push({ png: await window.picture(), shownMs });
    };
    await openLoop(stage);
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
    await askInChat(window, take);
    await take(3 * LOOK_MS);
    return animatedPng(frames);
  },
};

/** Ghost text, next edits, and the lists of what the model has read and of the status bar. */
export const CODE_SCENES: Scenes = {
  ...withDark({
    animation,
    'ghost-text': {
      size: LOW,
      take: async (stage) => {
        await openLoop(stage);
        await stage.window.typeForGhostText(TYPED);
        await assertCall(stage.window);
        return restingPicture(stage.window);
      },
    },
    'next-edit': {
      size: LOW,
      take: async (stage) => {
        await openLoop(stage);
        await stage.window.typeForGhostText(TYPED);
        await stage.window.press('Tab');
        await renameSum(stage.window);
        return restingPicture(stage.window);
      },
    },
    context: {
      size: TALL,
      take: async (stage) => {
        await openLoop(stage);
        await stage.window.typeForGhostText(TYPED);
        await stage.window.command('Chorus: Show Context');
        await stage.window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'pricing.ts' }).waitFor();
        return restingPicture(stage.window);
      },
    },
  }),

  status: {
    // Room for the whole menu.
    size: { ...TALL, height: 800 },
    take: async (stage) => {
      await openLoop(stage);
      await stage.window.typeForGhostText(TYPED);
      await stage.window.press('Escape');
      await stage.window.chorusStatus().click();
      await stage.window.page.locator('.quick-input-list .monaco-list-row').first().waitFor();
      return restingPicture(stage.window);
    },
  },
};

/** Types a question into the chat panel, and takes frames until its answer has ended. */
async function askInChat(window: Window, take: (shownMs: number) => Promise<void>): Promise<void> {
  const panel = await window.openNewChat();
  await panel.input.focus();
  await take(LOOK_MS);
  for (const word of QUESTION.split(/(?<= )/)) {
    await window.type(word);
    await take(2 * KEY_MS);
  }
  await window.press('Enter');
  await panel.answerBegins();
  while ((await panel.streaming().count()) > 0) await take(KEY_MS);
  assert.match(await panel.answerEnds(), /items\.sort\(\(a, b\) => a\.price - b\.price\);\s*$/);
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
