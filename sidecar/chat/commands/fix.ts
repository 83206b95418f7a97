import type { CommandPrompt } from './command.ts';

export const fix: CommandPrompt = {
  chat: 'Find the mistake in the code above and fix it. Name the cause in one sentence, then show the corrected code in one fenced block.',
  edit: 'Fix the problem in the code. Change only what the fix needs and keep everything else as it is.',
};
