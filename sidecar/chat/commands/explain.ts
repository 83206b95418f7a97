import type { CommandPrompt } from './command.ts';

export const explain: CommandPrompt = {
  chat: 'Explain the code above step by step: first in one sentence what it is for, then how it works, then what is surprising or risky in it.',
};
