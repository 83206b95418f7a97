import type { CommandPrompt } from './command.ts';

export const docs: CommandPrompt = {
  chat: 'Write documentation comments for the code above, in the usual form of its language, and show the documented code in one fenced block. Do not change the code itself.',
  edit: 'Add documentation comments in the usual form of the language. Do not change the code itself.',
};
