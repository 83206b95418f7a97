import assert from 'node:assert/strict';
import path from 'node:path';
import { HIGH, inTheme, restingPicture, WIDE, withDark, type Scene, type Scenes } from './scene.ts';

const QUESTION = 'How do I get the largest number of an array in JavaScript? Answer briefly.';

const chat: Scene = {
  size: HIGH,
  take: async ({ window, workspace }) => {
    await window.openFile(path.join(workspace, 'src/pricing.ts'));
    const panel = await window.openNewChat();
    await panel.ask(QUESTION);
    assert.match(await panel.answerEnds(), /Math\.max\(\.\.\.numbers\)/);
    return restingPicture(window);
  },
};

/** The chat panel. */
export const CHAT_SCENES: Scenes = {
  ...withDark({ chat }),
  explain: {
    size: WIDE,
    take: async ({ window, workspace }) => {
      await window.openFile(path.join(workspace, 'src/stock.py'));
      await window.goTo(4, 1);
      for (let line = 0; line < 3; line++) await window.press('Shift+ArrowDown');
      await window.command('Chorus: Explain Selection');
      const answer = await (await window.chatView()).answerEnds();
      assert.match(answer, /list the articles .*below .*minimum[^]*Returns: list\[str\]/);
      return restingPicture(window);
    },
  },
  'chat-high-contrast': inTheme(chat, 'Default High Contrast'),
};
