import path from 'node:path';
import type { Window } from '../../test/host/driver.ts';
import { waitForFileInContext } from '../../test/host/contextList.ts';
import { waitFor } from '../../test/host/waitFor.ts';
import { IN_LOOP } from './shop.ts';

/** A window's size in pixels of CSS. */
interface Size {
  readonly width: number;
  readonly height: number;
}

export const LOW: Size = { width: 900, height: 440 };
/** For a list or an answer beside the code. */
export const TALL: Size = { width: 960, height: 600 };
/** For a side bar in which an answer fits, beside the code. */
export const WIDE: Size = { width: 1080, height: 640 };
/** For a longer answer. */
export const HIGH: Size = { ...WIDE, height: 760 };
const SIDE_BAR_PX = 350;

export interface Stage {
  readonly window: Window;
  /** The folder of the shop, which is open in the window. */
  readonly workspace: string;
  /** Says an English sentence into the microphone. Throws in a scene that isn't `spoken`. */
  say(sentence: string): Promise<void>;
}

export interface Scene {
  readonly size: Size;
  /** The user's settings beside those of all pictures. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** VS Code's display language, as a language pack sets it (default: English). */
  readonly displayLanguage?: string;
  /** Whether the scene needs a microphone. */
  readonly spoken?: boolean;
  /** Changes the workspace before the window opens. */
  readonly prepare?: (workspace: string) => Promise<void>;
  /** Brings the window into the state of the picture and returns the picture, a PNG. */
  readonly take: (stage: Stage) => Promise<Buffer>;
}

/** Scenes by the names of their pictures. */
export type Scenes = Readonly<Record<string, Scene>>;

/** Adds to each scene one with a dark theme, whose picture ends in `-dark`. */
export function withDark(scenes: Scenes): Scenes {
  return Object.fromEntries(
    Object.entries(scenes).flatMap(([name, scene]) => [
      [name, scene],
      [`${name}-dark`, inTheme(scene, 'Default Dark Modern')],
    ]),
  );
}

/** The same scene in a theme that VS Code contains. */
export function inTheme(scene: Scene, theme: string): Scene {
  return { ...scene, settings: { ...scene.settings, 'workbench.colorTheme': theme } };
}

/** Drags the edge of the side bar, so that lines of code fit into it. */
export async function widenSideBar(window: Window): Promise<void> {
  const { page } = window;
  const sideBar = (await page.locator('.part.sidebar').boundingBox())!;
  const y = sideBar.y + sideBar.height / 2;
  await page.mouse.move(sideBar.x + sideBar.width + 1, y);
  await page.mouse.down();
  await page.mouse.move(sideBar.x + SIDE_BAR_PX, y, { steps: 5 });
  await page.mouse.up();
  await restMouse(window);
  await waitFor('a wider side bar', async () => {
    const { width } = (await page.locator('.part.sidebar').boundingBox())!;
    return Math.abs(width - SIDE_BAR_PX) < 10;
  });
}

/** Moves the mouse to a part of the activity bar without an icon. */
export async function restMouse({ page }: Window): Promise<void> {
  const { y, height } = (await page.locator('.part.activitybar').boundingBox())!;
  await page.mouse.move(24, y + 0.7 * height);
}

/**
 * Takes a picture as soon as the language server is at rest, which shows its work in the status bar. Moves the mouse
 * away from edges and the editor, where it would show marks and scroll bars.
 */
export async function restingPicture(window: Window): Promise<Buffer> {
  await restMouse(window);
  const working = window.page.locator('.part.statusbar .codicon-loading');
  await waitFor('a language server at rest', async () => (await working.count()) === 0);
  return window.picture();
}

/** Opens the place where the pictures type, and waits until the model has read the other files. */
export async function openLoop({ window, workspace }: Stage): Promise<void> {
  await window.openFile(path.join(workspace, IN_LOOP.file));
  await window.goTo(IN_LOOP.line, IN_LOOP.column);
  await waitForFileInContext(window, 'pricing.ts', { typing: 's' });
  await waitFor('the file as it was saved', async () => {
    await window.press('Control+Z');
    return (await window.dirtyTabs().count()) === 0;
  });
}
