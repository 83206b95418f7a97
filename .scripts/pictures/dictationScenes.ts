import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { commitWorkspace } from '../../test/host/committedWorkspace.ts';
import { allowMicrophone } from '../../test/host/soundServer.ts';
import { whisperModel } from '../../test/reference/whisperModel.ts';
import { waitFor } from '../../test/host/waitFor.ts';
import { restMouse, WIDE, type Scenes, type Stage } from './scene.ts';
import { SHOP, WITH_DISCOUNT } from './shop.ts';

const QUESTION = 'How do I sort an array by price?';
const MESSAGE = 'Add a discount to the price.';

/** A question and a commit message that are spoken. */
export async function dictationScenes(): Promise<Scenes> {
  const spoken = { size: WIDE, spoken: true, settings: { 'chorus.speech.modelPath': await whisperModel() } } as const;
  return {
    dictation: {
      ...spoken,
      take: async (stage) => {
        const { window, workspace } = stage;
        await window.openFile(path.join(workspace, 'src/order.ts'));
        const panel = await window.openNewChat();
        await panel.button('Dictate').click();
        await listens(stage);
        await stage.say(QUESTION);
        await waitFor('the question', async () => (await panel.input.inputValue()) === QUESTION);
        return pictureWithSign(stage);
      },
    },
    'dictation-commit-message': {
      ...spoken,
      prepare: async (workspace) => {
        commitWorkspace(workspace);
        await writeFile(path.join(workspace, 'src/pricing.ts'), SHOP['src/pricing.ts'] + WITH_DISCOUNT);
      },
      take: async (stage) => {
        const { window, workspace } = stage;
        await window.openFile(path.join(workspace, 'src/pricing.ts'));
        await window.statusBarItem('main').waitFor();
        await window.command('Chorus: Dictate Commit Message');
        await listens(stage);
        await stage.say(MESSAGE);
        const box = window.page.locator('.scm-editor .view-lines');
        // A narrow box breaks lines.
        await waitFor('the message', async () => (await box.innerText()).replaceAll(/\s+/g, ' ') === MESSAGE);
        return pictureWithSign(stage);
      },
    },
  };
}

/** Allows the microphone, and waits for the sign that Chorus listens. */
async function listens({ window }: Stage): Promise<void> {
  await allowMicrophone(window);
  await window.statusBarItem('Listening').waitFor();
  await restMouse(window);
}

/** Takes a picture at once, since Chorus soon ends listening. Throws if the sign has gone. */
async function pictureWithSign({ window }: Stage): Promise<Buffer> {
  const picture = await window.picture();
  assert.ok(await window.statusBarItem('Listening').isVisible(), 'Chorus listens');
  return picture;
}
