import type { CommandPrompt } from './command.ts';

export const refactor: CommandPrompt = {
  chat: 'Refactor the code above so that it is easier to read and change, without changing what it does. Show the new code in one fenced block, then list what changed.',
  edit: 'Refactor the code so that it is easier to read, without changing what it does or the names that others use.',
};
