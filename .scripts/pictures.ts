/**
 * Takes the pictures of the documents in a real VS Code with the bundled model, and writes them to `docs/images/`: `npm
 * run pictures`. Build first. Names of pictures may follow, such as `npm run pictures -- animation context`.
 */
import { execa } from 'execa';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Window } from '../test/host/driver.ts';
import { HostSession } from '../test/host/hostSession.ts';
import { NEWEST_HOST } from '../test/host/setup.ts';
import { SoundServer } from '../test/host/soundServer.ts';
import { withPalette } from './pictures/palette.ts';
import { WIDE, widenSideBar, type Scene } from './pictures/scene.ts';
import { allScenes } from './pictures/scenes.ts';
import { SHOP } from './pictures/shop.ts';
import { ensureSystemTools, PICTURE_TOOLS } from './system.ts';

const images = fileURLToPath(new URL('../docs/images/', import.meta.url));
/** Settings that hide elements of other parts of VS Code, and blinking. */
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

if (process.platform === 'linux') await ensureSystemTools(PICTURE_TOOLS);
const scenes = await chosenScenes(process.argv.slice(2));
const work = await mkdtemp(path.join(os.tmpdir(), 'chorus-pictures-'));
const sound = scenes.some(([, { spoken }]) => spoken) ? await SoundServer.start() : undefined;
const session = await HostSession.start(NEWEST_HOST, {
  hasModel: true,
  settings: SETTINGS,
  env: { ...sound?.environment },
});
try {
  for (const [name, scene] of scenes) {
    const picture = await take(name, scene);
    await writeFile(path.join(images, `${name}.png`), picture);
    console.log(`${name}.png: ${Math.round(picture.length / 1_000)} kB`);
  }
} finally {
  await session.stop();
  await sound?.stop();
  await rm(work, { recursive: true, force: true });
}

/** Returns the scenes with the given names, or all if there is no name. Throws if a name is unknown. */
async function chosenScenes(names: readonly string[]): Promise<readonly (readonly [string, Scene])[]> {
  const all = await allScenes();
  const unknown = names.filter((name) => !(name in all));
  if (unknown.length > 0)
    throw new Error(`No such picture: ${unknown.join(', ')}. The pictures are ${Object.keys(all).join(', ')}.`);
  return Object.entries(all).filter(([name]) => names.length === 0 || names.includes(name));
}

/** Takes a picture in a window of its own. Throws after it has stored the screen if the scene fails. */
async function take(name: string, scene: Scene): Promise<Buffer> {
  const workspace = await makeShop(path.join(work, name, 'shop'));
  await scene.prepare?.(workspace);
  await session.server.changeSettings(scene.settings ?? {});
  const window = await Window.open(session.browser, session.server.windowUrl(workspace), {
    takesPictures: false,
    displayLanguage: scene.displayLanguage,
    size: scene.size,
    pixelRatio: 1.5,
  });
  try {
    await window.chorusStatus().waitFor();
    // On a busy machine Chorus would say that it is slow.
    await window.command('Notifications: Toggle Do Not Disturb Mode');
    if (scene.size.width >= WIDE.width) await widenSideBar(window);
    const picture = await scene.take({ window, workspace, say });
    return name.startsWith('animation') ? picture : withPalette(picture);
  } catch (error) {
    await window.saveScreen(path.join(os.tmpdir(), `failed-${name}.png`));
    throw error;
  } finally {
    await window.close();
  }
}

async function say(sentence: string): Promise<void> {
  if (!sound) throw new Error('The scene says something, but is not marked as spoken');
  const file = path.join(work, 'spoken.wav');
  await execa('flite', ['-voice', 'slt', '-t', sentence, '-o', file]);
  await sound.play(file);
}

/** Writes the workspace of the pictures into a folder, and returns the folder. */
async function makeShop(folder: string): Promise<string> {
  for (const [file, text] of Object.entries(SHOP)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), text);
  }
  return folder;
}
