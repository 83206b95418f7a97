import { obeySpokenCommands } from './spokenCommands.ts';
import { writeIdentifiers, type SpokenIdentifier } from './spokenIdentifiers.ts';

export interface WritingOptions {
  /** BCP 47 tag, or "auto". */
  readonly language: string;
  /** Are written where their words are said. */
  readonly identifiers: readonly SpokenIdentifier[];
  readonly obeysCommands: boolean;
}

/**
 * What is written for what the model heard. Commands are obeyed first: "new line" is one, whatever a document's
 * identifiers are.
 */
export function writtenText(heard: string, { language, identifiers, obeysCommands }: WritingOptions): string {
  return writeIdentifiers(obeysCommands ? obeySpokenCommands(heard, language) : heard, identifiers);
}
