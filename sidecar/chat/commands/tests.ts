import type { CommandPrompt } from './command.ts';

export const tests: CommandPrompt = {
  chat: 'Write unit tests for the code above in one fenced block. Cover the usual case, the edge cases and the errors. Use the test framework that the project uses, else the usual one of the language.',
  edit: 'Write a complete test file for the code: imports first, then tests of the usual case, the edge cases and the errors.',
};
