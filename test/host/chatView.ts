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

  /** Waits until the answer to the last question has begun to appear. It may have ended by then. */
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

  /** Waits for the end of the answer to the last question and gives its text. */
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

  /** What is said of the model that came with the extension. */
  modelNotice(): Locator {
    return this.#frame.locator('.model-notice');
  }

  /** What an empty conversation shows. */
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

  /** What has the keyboard's focus in the page, as assistive technology names it. */
  async focused(): Promise<{ readonly role: string; readonly name: string }> {
    return this.#frame.locator('body').evaluate((body) => {
      const element = body.ownerDocument.activeElement;
      const name = element?.getAttribute('aria-label') ?? (element === body ? '' : element?.textContent) ?? '';
      return { role: element?.getAttribute('role') ?? element?.tagName.toLowerCase() ?? '', name: name.trim() };
    });
  }

  /** The colour of the page's text, and the one that the theme gives for it, both as computed. */
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

  /** Text of the answer to the last question, once there is one. */
  async #lastAnswer(): Promise<string | undefined> {
    const questions = await this.questions.count();
    if (questions === 0 || (await this.answers.count()) < questions) return undefined;
    return (await this.answers.last().locator('.body').textContent()) ?? '';
  }
}
