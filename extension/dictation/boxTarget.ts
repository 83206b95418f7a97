import type { DictationTarget } from './dictationTarget.ts';
import { insertedText } from './insertedText.ts';

/** A box of text that is dictated into. */
export interface TextBox extends Pick<DictationTarget, 'gone' | 'setListening'> {
  /** What stands in it; `undefined` where it can't be read. */
  read(): string | undefined;
  /** Replaces what stands in it. `false`: there is no way to it. */
  write(text: string): Promise<boolean>;
}

/**
 * Dictated text behind what stands in a box when the first words come. Where the box then holds anything but what was
 * written last, the user has edited it or is done with it, and no more is written.
 */
export function boxTarget(box: TextBox): DictationTarget {
  let before: string | undefined;
  let written: string | undefined;
  return {
    gone: box.gone,
    setListening: (isListening) => box.setListening?.(isListening),
    async show(text) {
      // A document of VS Code has line ends of its own.
      const current = box.read()?.replaceAll('\r\n', '\n');
      if (box.gone?.aborted || current === undefined || (written !== undefined && current !== written)) return false;
      before ??= current;
      written = `${before}${insertedText(text, { before, lineBreak: '\n' })}`;
      return written === current || box.write(written);
    },
  };
}
