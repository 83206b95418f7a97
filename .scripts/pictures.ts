/**
 * Takes the pictures of README.md in a real VS Code with the model inside, and writes them to `docs/images/`:
 * `npm run pictures`. Build first. Names of pictures may follow, such as `npm run pictures -- animation context`.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Window } from '../test/host/driver.ts';
import { HostSession } from '../test/host/hostSession.ts';
import { NEWEST_HOST } from '../test/host/setup.ts';
import { SCENES, TALL_SCENES } from './pictures/scenes.ts';
import { SHOP } from './pictures/shop.ts';

const images = fileURLToPath(new URL('../docs/images/', import.meta.url));
/** Settings that hide what has nothing to do with Chorus, and what blinks. */
const SETTINGS = {
  'breadcrumbs.enabled': false,
  'chat.disableAIFeatures': true,
  'editor.cursorBlinking': 'solid',
  'editor.fontSize': 13,
  'editor.lightbulb.enabled': 'off',
  'editor.occurrencesHighlight': 'off',
  'editor.renderWhitespace': 'none',
  'explorer.openEditors.visible': 0,
  'typescript.validate.enable': false,
  'workbench.reduceMotion': 'on',
  'window.commandCenter': false,
  'workbench.layoutControl.enabled': false,
  'workbench.colorTheme': 'Default Light Modern',
};
/** Windows, in pixels of CSS. */
const LOW = { width: 900, height: 440 };
const TALL = { width: 960, height: 600 };

const chosen = process.argv.slice(2);
const names = Object.keys(SCENES);
const unknown = chosen.filter((name) => !names.includes(name));
if (unknown.length > 0)
  throw new Error(`No such picture: ${unknown.join(', ')}. The pictures are ${names.join(', ')}.`);

const work = await mkdtemp(path.join(os.tmpdir(), 'chorus-pictures-'));
const session = await HostSession.start(NEWEST_HOST, { hasModel: true, settings: SETTINGS });
try {
  for (const [name, scene] of Object.entries(SCENES)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const workspace = await makeShop(path.join(work, name, 'shop'));
    const window = await Window.open(session.browser, session.server.windowUrl(workspace), {
      takesPictures: false,
      size: TALL_SCENES.includes(name) ? TALL : LOW,
      pixelRatio: 1.5,
    });
    try {
      await window.chorusStatus().waitFor();
      // On a busy machine Chorus would say that it is slow.
      await window.command('Notifications: Toggle Do Not Disturb Mode');
      const picture = await scene(window, workspace);
      await writeFile(path.join(images, `${name}.png`), picture);
      console.log(`${name}.png: ${Math.round(picture.length / 1_000)} kB`);
    } catch (error) {
      await window.saveScreen(path.join(os.tmpdir(), `failed-${name}.png`));
      throw error;
    } finally {
      await window.close();
    }
  }
} finally {
  await session.stop();
  await rm(work, { recursive: true, force: true });
}

/** Writes the workspace of the pictures into a folder, and returns the folder. */
async function makeShop(folder: string): Promise<string> {
  for (const [file, text] of Object.entries(SHOP)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), text);
  }
  return folder;
}
