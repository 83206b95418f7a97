import type { DictationTarget } from './dictationTarget.ts';
import { insertedText } from './insertedText.ts';

/** A text box for dictation. */
export interface TextBox extends Pick<DictationTarget, 'gone' | 'setListening'> {
  /** Returns the text of the box, or `undefined` if it can't be read. */
  read(): string | undefined;
  /** Replaces the text of the box. Resolves with `false` if the box can't be reached. */
  write(text: string): Promise<boolean>;
}

/**
 * Appends dictated text to the text that a box holds when the first words come. It stops writing if the box differs
 * from the last written text: then the user has edited the text or finished with it.
 */
export function boxTarget(box: TextBox): DictationTarget {
  let before: string | undefined;
  let written: string | undefined;
  return {
    gone: box.gone,
    setListening: (isListening) => box.setListening?.(isListening),
    async show(text) {
      // A document of VS Code has its own line ends.
      const current = box.read()?.replaceAll('\r\n', '\n');
      if (box.gone?.aborted || current === undefined || (written !== undefined && current !== written)) return false;
      before ??= current;
      written = `${before}${insertedText(text, { before, lineBreak: '\n' })}`;
      return written === current || box.write(written);
    },
  };
}
