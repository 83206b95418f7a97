import path from 'node:path';
import { waitFor } from '../../test/host/waitFor.ts';
import { restingPicture, WIDE, type Scene, type Scenes, type Stage } from './scene.ts';

/** The languages of the pictures in `docs/languages.md`. */
const LANGUAGES = ['ar', 'de', 'hi', 'ja'] as const;
type Language = (typeof LANGUAGES)[number];
/** "Ghost text", as the titles of commands in the language say it. */
const GHOST_TEXT: Readonly<Record<Language, string>> = {
  ar: 'النص الشبحي',
  de: 'Ghosttext',
  hi: 'छाया पाठ',
  ja: 'ゴースト テキスト',
};

/** The panel and the list of commands in some languages, and the palette with a language pack. */
export const LANGUAGE_SCENES: Scenes = {
  ...Object.fromEntries(LANGUAGES.map((language) => [`chat-${language}`, panelIn(language)])),
  ...Object.fromEntries(LANGUAGES.map((language) => [`commands-${language}`, commandsIn(language)])),
  'palette-hi': {
    size: WIDE,
    displayLanguage: 'hi',
    take: async (stage) => {
      await openCode(stage);
      const { page } = stage.window;
      await stage.window.press('F1');
      const input = page.locator('.quick-input-widget input[type="text"]');
      await input.fill(`>${GHOST_TEXT.hi}`);
      await page.locator('.quick-input-list .monaco-list-row', { hasText: GHOST_TEXT.hi }).first().waitFor();
      return restingPicture(stage.window);
    },
  },
};

function panelIn(language: Language): Scene {
  return {
    size: WIDE,
    settings: { 'chorus.language': language },
    take: async (stage) => {
      await openCode(stage);
      await stage.window.openNewChat();
      await waitFor(`the panel in ${language}`, async () =>
        (await stage.window.webview().locator('html').getAttribute('lang')) === language ? true : undefined,
      );
      return restingPicture(stage.window);
    },
  };
}

/** The commands for ghost text. The list of all commands is longer than a picture. */
function commandsIn(language: Language): Scene {
  return {
    size: WIDE,
    settings: { 'chorus.language': language },
    take: async (stage) => {
      await openCode(stage);
      await stage.window.command('Chorus: All Commands');
      const { page } = stage.window;
      await page.locator('.quick-input-widget input[type="text"]').fill(GHOST_TEXT[language]);
      await waitFor('the commands with ghost text', async () => {
        const rows = await page.locator('.quick-input-list .monaco-list-row').allTextContents();
        return rows.length > 0 && rows.every((row) => row.includes(GHOST_TEXT[language]));
      });
      return restingPicture(stage.window);
    },
  };
}

/** Opens code without a language server, which would still work in the picture. */
async function openCode({ window, workspace }: Stage): Promise<void> {
  await window.openFile(path.join(workspace, 'src/stock.py'));
}
