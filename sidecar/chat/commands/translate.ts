import type { CommandPrompt } from './command.ts';

/** `{language}` is replaced by the English name of the target language. */
export const translate: CommandPrompt = {
  chat: 'Translate the comments and the texts in string literals of the code above into {language}. Change nothing else: no names, no code, no placeholders. Show the result in one fenced block.',
  edit: 'Translate the comments and the texts in string literals into {language}. Change nothing else: no names, no code, no placeholders.',
};
