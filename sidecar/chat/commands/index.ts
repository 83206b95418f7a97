import type { ChatCommand } from '../../protocol/client.ts';
import type { CommandPrompt } from './command.ts';
import { docs } from './docs.ts';
import type { LoadedModel } from '../../protocol/engine.ts';
import { explain } from './explain.ts';
import { fix } from './fix.ts';
import { refactor } from './refactor.ts';
import { tests } from './tests.ts';
import { translate } from './translate.ts';

type ModelSize = Pick<LoadedModel, 'engine' | 'sizeBytes'>;

export const commandPrompts: Readonly<Record<ChatCommand, CommandPrompt>> = {
  explain,
  fix,
  tests,
  docs,
  refactor,
  translate,
};

/** Models of about a billion parameters and fewer. Of a server's model the size is unknown. */
const MOST_SMALL_BYTES = 800_000_000;

/** A command in a chat, and the user's words behind it. */
interface CommandAsked {
  readonly command: ChatCommand;
  readonly words: string;
}

/** Returns the request of a slash command in a chat with `model`. */
export function chatPrompt(asked: CommandAsked, model: ModelSize): string {
  const { chat, chatWithSmallModel = chat, sentenceOfSmallModel } = commandPrompts[asked.command];
  if (asksForSentence(asked, model)) return sentenceOfSmallModel as string;
  return isSmall(model) ? chatWithSmallModel : chat;
}

/** Whether only the first sentence of the answer is shown, with facts. */
export function asksForSentence({ command, words }: CommandAsked, model: ModelSize): boolean {
  return isSmall(model) && words.trim() === '' && commandPrompts[command].sentenceOfSmallModel !== undefined;
}

const isSmall = ({ engine, sizeBytes }: ModelSize): boolean => engine !== 'server' && sizeBytes <= MOST_SMALL_BYTES;

/** Splits a message into its slash command and the rest. Without a command, `text` is the whole message. */
export function parseCommand(message: string): { readonly command?: ChatCommand; readonly text: string } {
  const match = /^\s*\/([a-z]+)(?:\s+|$)/.exec(message);
  const name = match?.[1];
  return match && name && Object.hasOwn(commandPrompts, name)
    ? { command: name as ChatCommand, text: message.slice(match[0].length).trim() }
    : { text: message };
}
