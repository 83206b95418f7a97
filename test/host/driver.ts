/**
 * Drives a VS Code window as a person does: by keys, the palette and the contents of the screen. Waits for changes on
 * the screen, never for a fixed time.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type FrameLocator,
  type Locator,
  type Page,
} from 'playwright-core';
import { withPalette } from '../../.scripts/pictures/palette.ts';
import { findBrowser } from '../../.scripts/system.ts';
import { ChatView } from './chatView.ts';
import { PATIENCE_MS, waitFor } from './waitFor.ts';

const OPEN_MS = 10_000;
const OPEN_ATTEMPTS = 3;
const FOLDERS_MS = 3_000;
/** Ghost text of a running sidecar appears within this time. */
const FIRST_GHOST_TEXT_MS = 3_000;
const GHOST_TEXT_MS = 8_000;
const TYPING_ATTEMPTS = 5;
const QUICK_PICK_MS = 10_000;
const QUICK_PICK_ATTEMPTS = 3;
const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));

export async function launchBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error('No Chromium or Chrome found. Install one, or set CHORUS_CHROMIUM to its path.');
  // A signal should end the whole process. Playwright's own handlers would close the browser and go on.
  const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
  return chromium.launch({
    executablePath,
    ...signals,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  });
}

export interface WindowOptions {
  /**
   * Whether `screenshot` writes to `docs/images/`. Only one version does, so that the pictures do not depend on the
   * order of the runs.
   */
  readonly takesPictures: boolean;
  /**
   * VS Code's display language, as a language pack sets it (default: English). VS Code's own texts stay English, since
   * the test's pack contains none.
   */
  readonly displayLanguage?: string | undefined;
  /** The window's size in pixels of CSS (default: 1280 × 800). */
  readonly size?: { readonly width: number; readonly height: number };
  /** Pixels of the screen per pixel of CSS (default: 1). */
  readonly pixelRatio?: number;
}

/** An input method that composes at the cursor. */
export interface InputMethod {
  /** Replaces the undecided text by another one. */
  compose(text: string): Promise<void>;
  /** Replaces the composed text by the final text and ends the composition. */
  commit(text: string): Promise<void>;
}

export class Window {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #options: WindowOptions;

  private constructor(context: BrowserContext, page: Page, options: WindowOptions) {
    this.#context = context;
    this.page = page;
    this.#options = options;
  }

  /** Opens a window in its own browser profile and waits for the workbench. */
  static async open(browser: Browser, url: string, options: WindowOptions): Promise<Window> {
    const context = await browser.newContext({
      viewport: options.size ?? { width: 1280, height: 800 },
      deviceScaleFactor: options.pixelRatio ?? 1,
    });
    if (options.displayLanguage !== undefined)
      await context.addInitScript({ content: setDisplayLanguage(options.displayLanguage) });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(url);
    await page.locator('.monaco-workbench .part.statusbar').waitFor();
    return new Window(context, page, options);
  }

  /** Returns whether a folder of the workspace is in the explorer or soon appears there. */
  async showsFolders(): Promise<boolean> {
    const folder = this.page.locator('.explorer-folders-view .monaco-list-row').first();
    return folder.waitFor({ timeout: FOLDERS_MS }).then(
      () => true,
      () => false,
    );
  }

  /** Closes the window as its close button does. */
  async close(): Promise<void> {
    await this.page.close({ runBeforeUnload: false });
    await this.#context.close();
  }

  // ── Documents ──

  /** Opens a text file by its absolute path. */
  async openFile(file: string): Promise<void> {
    await this.#openTab(file);
    await this.editor().waitFor();
    await this.focusEditor();
  }

  /** Opens a notebook by its absolute path, with its first cell selected. */
  async openNotebook(file: string): Promise<void> {
    await this.#openTab(file);
    await this.page.locator('.notebook-editor .monaco-list-row.code-cell-row').first().waitFor();
  }

  /** Opens a tab. The list of files may change during the click, so it retries. */
  async #openTab(file: string): Promise<void> {
    const tab = this.page.locator('.part.editor .tab.active', { hasText: path.basename(file) });
    for (let attempt = 1; ; attempt++) {
      await this.#quickPick(
        'Control+P',
        file,
        this.page.locator('.quick-input-list .monaco-list-row', { hasText: path.basename(file) }).first(),
      );
      try {
        await tab.waitFor({ timeout: OPEN_MS });
        break;
      } catch (error) {
        if (attempt === OPEN_ATTEMPTS) throw error;
      }
    }
  }

  /** Closes all editors. Unsaved changes are lost. */
  async closeEditors(): Promise<void> {
    const tabs = this.page.locator('.part.editor .tab');
    for (let count = await tabs.count(); count > 0; count = await tabs.count()) {
      await this.press('Escape');
      await this.command('View: Revert and Close Editor');
      await waitFor('a closed editor', async () => (await tabs.count()) < count);
    }
  }

  editor(): Locator {
    return this.page.locator('.part.editor .editor-instance .monaco-editor').first();
  }

  async focusEditor(): Promise<void> {
    await this.page.keyboard.press('Control+1');
    await this.page.locator('.part.editor .monaco-editor.focused').first().waitFor();
  }

  /** Puts the cursor at a one-based position. */
  async goTo(line: number, column: number): Promise<void> {
    await this.#quickPick(
      'Control+G',
      `:${line}:${column}`,
      this.page.locator('.quick-input-list .monaco-list-row').first(),
    );
    await this.page.locator('.part.statusbar', { hasText: `Ln ${line}, Col ${column}` }).waitFor();
  }

  async goToEnd(): Promise<void> {
    await this.page.keyboard.press('Control+End');
  }

  /** Types into the focused element, one key after another. */
  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: 5 });
  }

  async press(keys: string): Promise<void> {
    await this.page.keyboard.press(keys);
  }

  /** Saves the document and returns the file's text as soon as `expected` holds. */
  async savedText(file: string, expected: (text: string) => boolean): Promise<string> {
    await this.press('Control+S');
    let text = '';
    try {
      return await waitFor(
        `the saved text of ${path.basename(file)}`,
        async () => {
          // A new document's file appears with its first save.
          text = await readFile(file, 'utf8').catch(() => '');
          return expected(text) ? text : undefined;
        },
        { timeoutMs: 10_000 },
      );
    } catch (error) {
      throw new Error(`${path.basename(file)} holds ${JSON.stringify(text)}`, { cause: error });
    }
  }

  /** Returns an input method that sends the events of a real one. */
  async inputMethod(): Promise<InputMethod> {
    const session = await this.#context.newCDPSession(this.page);
    return {
      compose: async (text) => {
        await session.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
      },
      commit: async (text) => {
        await session.send('Input.insertText', { text });
      },
    };
  }

  // ── Ghost text ──

  ghostText(): Locator {
    return this.page.locator('.monaco-editor :is(.ghost-text-decoration, .ghost-text-decoration-preview)');
  }

  /** Waits for ghost text at the cursor that satisfies `isWanted`, and returns it. */
  async shownGhostText(isWanted: (text: string) => boolean = () => true, timeoutMs?: number): Promise<string> {
    return waitFor(
      'ghost text',
      async () => {
        const text = (await this.ghostText().allTextContents()).join('').replaceAll('\u00a0', ' ');
        return text.trim() !== '' && isWanted(text) ? text : undefined;
      },
      { timeoutMs },
    );
  }

  /**
   * Types text and returns the ghost text that follows it. A new window may not call the provider for its first
   * keystroke. Then the last character is typed again, as a person would.
   */
  async typeForGhostText(text: string): Promise<string> {
    await this.type(text);
    for (let attempt = 1; attempt < TYPING_ATTEMPTS; attempt++) {
      const shown = await this.shownGhostText(undefined, attempt === 1 ? FIRST_GHOST_TEXT_MS : GHOST_TEXT_MS).catch(
        () => undefined,
      );
      if (shown !== undefined) return shown;
      await this.press('Backspace');
      await this.type(text.slice(-1));
    }
    return this.shownGhostText();
  }

  // ── Workbench ──

  /** Runs a command of the palette by its title. */
  async command(title: string): Promise<void> {
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
    await this.#quickPick('F1', `>${title}`, row);
  }

  /** Chorus's item in the status bar. */
  chorusStatus(): Locator {
    return this.page.locator('.part.statusbar .statusbar-item[id^="chorus.chorus"]').first();
  }

  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.part.statusbar .statusbar-item', { hasText: text }).first();
  }

  /** The document inside the visible webview view. */
  webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
  }

  /** Shows the chat panel and returns the parts of it that a person uses. */
  async openChat(): Promise<ChatView> {
    await this.command('Chorus: Focus on Chat View');
    return this.chatView();
  }

  /** Shows the chat panel with a new conversation and returns the parts of it that a person uses. */
  async openNewChat(): Promise<ChatView> {
    await this.command('Chorus: New Chat');
    const chat = await this.chatView();
    await waitFor('an empty conversation', async () => (await chat.questions.count()) === 0);
    return chat;
  }

  /** Returns the chat panel as soon as it is shown. */
  async chatView(): Promise<ChatView> {
    const chat = new ChatView(this.webview());
    await chat.input.waitFor();
    return chat;
  }

  /**
   * Waits until the result of a Chorus action is shown. An error message of Chorus ends the wait. A timeout reports all
   * messages.
   */
  async appears(what: Locator): Promise<void> {
    const messages = this.page.locator('.notification-list-item', { hasText: 'Chorus' });
    const failures = messages.filter({ has: this.page.locator('.codicon-error, .codicon-warning') });
    let said: string[] = [];
    try {
      await waitFor('what was asked for', async () => {
        if (await what.isVisible()) return true;
        const failed = await failures.allTextContents();
        if (failed.length > 0) throw new Error(failed.join('\n'));
        said = await messages.allTextContents();
        return false;
      });
    } catch (cause) {
      throw new Error(`${String(what)} did not appear. Messages on the screen: ${JSON.stringify(said)}`, { cause });
    }
  }

  /** The modal dialog, optionally with the given text. */
  dialog(hasText = ''): Locator {
    return this.page.locator('.monaco-dialog-box', { hasText });
  }

  /** Tabs of documents with unsaved changes. */
  dirtyTabs(): Locator {
    return this.page.locator('.part.editor .tab.dirty');
  }

  diffEditor(): Locator {
    return this.page.locator('.part.editor .monaco-diff-editor').first();
  }

  /** Writes `docs/images/<name>.png` if `CHORUS_SCREENSHOTS=1`. */
  async screenshot(name: string): Promise<void> {
    if (this.#options.takesPictures && process.env['CHORUS_SCREENSHOTS'] === '1')
      await writeFile(path.join(IMAGES, `${name}.png`), withPalette(await this.picture()));
  }

  /** Returns a picture of the screen, a PNG. What fades in is there already. */
  async picture(): Promise<Buffer> {
    return this.page.screenshot({ animations: 'disabled' });
  }

  /** Writes a picture of the screen, for the message of a failing test. */
  async saveScreen(file: string): Promise<void> {
    await this.page.screenshot({ path: file });
  }

  /** Types an answer into a command's input or list, and confirms it. */
  async answerInput(text: string): Promise<void> {
    const input = this.#quickInput();
    await input.waitFor();
    await input.fill(text);
    await input.press('Enter');
    await input.waitFor({ state: 'hidden' });
  }

  #quickInput(): Locator {
    return this.page.locator('.quick-input-widget input[type="text"]');
  }

  async #quickPick(keys: string, text: string, row: Locator): Promise<void> {
    const input = this.#quickInput();
    for (let attempt = 1; ; attempt++) {
      await this.page.keyboard.press(keys);
      await input.waitFor();
      await input.fill(text);
      // If the list was made just before an editor opened, the editor's commands are missing.
      const isThere = await row.waitFor({ timeout: attempt < QUICK_PICK_ATTEMPTS ? QUICK_PICK_MS : undefined }).then(
        () => true,
        (error: unknown) => {
          if (attempt === QUICK_PICK_ATTEMPTS) throw error;
          return false;
        },
      );
      if (isThere) break;
      await this.page.keyboard.press('Escape');
      await input.waitFor({ state: 'hidden' });
    }
    // An editor that opens late may have taken the focus.
    await input.press('Enter');
    // The chosen command may ask another question in the same input.
    await waitFor(`${text} to be taken`, async () => !(await input.isVisible()) || (await input.inputValue()) !== text);
  }
}

/**
 * Returns a script that runs before the page's scripts. It sets the language as a language pack's file does for the web
 * workbench.
 */
function setDisplayLanguage(language: string): string {
  return `Object.defineProperty(globalThis, '_VSCODE_NLS_LANGUAGE', { get: () => ${JSON.stringify(language)}, set: () => undefined });`;
}
