import type { ChatCommand } from '../../protocol/client.ts';
import type { CommandPrompt } from './command.ts';
import { docs } from './docs.ts';
import { explain } from './explain.ts';
import { fix } from './fix.ts';
import { refactor } from './refactor.ts';
import { tests } from './tests.ts';
import { translate } from './translate.ts';

export const commandPrompts: Readonly<Record<ChatCommand, CommandPrompt>> = {
  explain,
  fix,
  tests,
  docs,
  refactor,
  translate,
};

/** Splits a message into its slash command and the rest. Without a command, `text` is the whole message. */
export function parseCommand(message: string): { readonly command?: ChatCommand; readonly text: string } {
  const match = /^\s*\/([a-z]+)(?:\s+|$)/.exec(message);
  const name = match?.[1];
  return match && name && Object.hasOwn(commandPrompts, name)
    ? { command: name as ChatCommand, text: message.slice(match[0].length).trim() }
    : { text: message };
}
