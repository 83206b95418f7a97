import type { FrameLocator, Locator } from 'playwright-core';
import { waitFor } from './waitFor.ts';

/** The chat panel's page, as a person uses it. */
export class ChatView {
  readonly input: Locator;
  readonly questions: Locator;
  readonly answers: Locator;
  readonly #frame: FrameLocator;

  constructor(frame: FrameLocator) {
    this.#frame = frame;
    this.input = frame.locator('textarea.input');
    this.questions = frame.locator('article.question');
    this.answers = frame.locator('article.answer');
  }

  async ask(question: string): Promise<void> {
    const before = await this.questions.count();
    await this.input.fill(question);
    await this.input.press('Enter');
    await waitFor('the question in the conversation', async () => (await this.questions.count()) > before);
  }

  /** Waits until the answer to the last question has begun to appear, or has already ended. */
  async answerBegins(timeoutMs?: number): Promise<string> {
    return waitFor(
      'the beginning of an answer',
      async () => {
        const text = await this.#lastAnswer();
        return text === undefined || text.trim() === '' ? undefined : text;
      },
      { timeoutMs },
    );
  }

  /** Waits for the end of the answer to the last question and returns its text. */
  async answerEnds(timeoutMs?: number): Promise<string> {
    return waitFor(
      'the end of an answer',
      async () => ((await this.streaming().count()) > 0 ? undefined : this.#lastAnswer()),
      { timeoutMs },
    );
  }

  /** The answer that is being written. */
  streaming(): Locator {
    return this.#frame.locator('article.answer.streaming');
  }

  /** The notice about the bundled model. */
  modelNotice(): Locator {
    return this.#frame.locator('.model-notice');
  }

  /** The contents of an empty conversation. */
  welcome(): Locator {
    return this.#frame.locator('.welcome');
  }

  button(name: string): Locator {
    return this.#frame.getByRole('button', { name });
  }

  /** A button of the last code block of the answers. */
  codeButton(name: string): Locator {
    return this.#frame.locator('.code-block').last().getByRole('button', { name });
  }

  /** Returns the focused element of the page, as assistive technology names it. */
  async focused(): Promise<{ readonly role: string; readonly name: string }> {
    return this.#frame.locator('body').evaluate((body) => {
      const element = body.ownerDocument.activeElement;
      const name = element?.getAttribute('aria-label') ?? (element === body ? '' : element?.textContent) ?? '';
      return { role: element?.getAttribute('role') ?? element?.tagName.toLowerCase() ?? '', name: name.trim() };
    });
  }

  /** Returns the computed colour of the page's text, and the computed colour that the theme defines for it. */
  async textColours(): Promise<{ readonly shown: string; readonly ofTheme: string }> {
    return this.#frame.locator('main.chat').evaluate((main) => {
      const probe = main.ownerDocument.createElement('span');
      probe.style.setProperty('color', 'var(--vscode-foreground)');
      main.append(probe);
      const ofTheme = getComputedStyle(probe).color;
      probe.remove();
      return { shown: getComputedStyle(main).color, ofTheme };
    });
  }

  /** The text of the answer to the last question, once there is one. */
  async #lastAnswer(): Promise<string | undefined> {
    const questions = await this.questions.count();
    if (questions === 0 || (await this.answers.count()) < questions) return undefined;
    return (await this.answers.last().locator('.body').textContent()) ?? '';
  }
}
