import type { DictationTarget } from './dictationTarget.ts';

/** Shows the states of a dictation's text, one after another. */
export class ShownText {
  #last: Promise<void> = Promise.resolve();
  #isAny = false;

  /** Calls `onGone` when the target accepts no more text. */
  constructor(
    private readonly target: Pick<DictationTarget, 'show'>,
    private readonly onGone: () => void,
  ) {}

  /** Whether any words were shown, even if they were removed again. */
  get isAny(): boolean {
    return this.#isAny;
  }

  /**
   * Shows the whole text so far. An empty text is shown only after a non-empty text. Before that the target stays
   * unchanged.
   */
  async show(text: string): Promise<void> {
    if (text === '' && !this.#isAny) return;
    this.#isAny = true;
    this.#last = this.#last.then(async () => {
      if (!(await this.target.show(text))) this.onGone();
    });
    await this.#last;
  }
}
