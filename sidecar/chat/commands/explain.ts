import type { CommandPrompt } from './command.ts';

export const explain: CommandPrompt = {
  chat: 'Explain the code above: first in one sentence what it is for, then step by step how it works. Keep it short, and say only what the code shows.',
  sentenceOfSmallModel:
    'Write the first line of a documentation comment for the code above: its purpose, in one short sentence.',
  chatWithSmallModel:
    'Explain the code above in two or three short sentences: what it is for, what it does, and what it returns. Say only what the code shows.',
};
