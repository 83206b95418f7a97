import type { CommandPrompt } from './command.ts';

export const explain: CommandPrompt = {
  chat: 'Explain the code above: first in one sentence what it is for, then step by step how it works. Keep it short, and say only what the code shows.',
};
