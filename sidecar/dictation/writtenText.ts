import { obeySpokenCommands } from './spokenCommands.ts';
import { writeIdentifiers, type SpokenIdentifier } from './spokenIdentifiers.ts';

export interface WritingOptions {
  /** A BCP 47 tag, or "auto". */
  readonly language: string;
  /** The identifiers that replace their spoken words. */
  readonly identifiers: readonly SpokenIdentifier[];
  readonly obeysCommands: boolean;
}

/**
 * Converts the model's text to written text. Commands come first, so "new line" is a command even if an identifier has
 * the same words.
 */
export function writtenText(heard: string, { language, identifiers, obeysCommands }: WritingOptions): string {
  return writeIdentifiers(obeysCommands ? obeySpokenCommands(heard, language) : heard, identifiers);
}
