import type { LanguageSyntax } from './languages.ts';

/** The text around a cursor that the syntax rules of a language look at. */
export interface CursorText {
  readonly languageId: string;
  readonly syntax: LanguageSyntax;
  /** The text before the cursor on its line. */
  readonly linePrefix: string;
  /** The text after the cursor on its line. */
  readonly lineSuffix: string;
}
