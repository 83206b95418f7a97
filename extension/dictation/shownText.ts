import type { DictationTarget } from './dictationTarget.ts';

/** What a dictation shows of its text so far, one state after another. */
export class ShownText {
  #last: Promise<void> = Promise.resolve();
  #isAny = false;

  /** `onGone` is called when the target takes no more text. */
  constructor(
    private readonly target: Pick<DictationTarget, 'show'>,
    private readonly onGone: () => void,
  ) {}

  /** Whether any words were shown, even if they were taken back. */
  get isAny(): boolean {
    return this.#isAny;
  }

  /**
   * Shows all of the text so far. No text is a state like others once there was some; before that the target is left as
   * it is.
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
