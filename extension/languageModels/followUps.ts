import { CHAT_COMMANDS, type ChatCommand } from '../../sidecar/protocol/client.ts';

/** The likely next commands after each command. */
const NEXT: Readonly<Record<ChatCommand, readonly ChatCommand[]>> = {
  explain: ['docs', 'tests'],
  fix: ['tests', 'explain'],
  tests: ['explain'],
  docs: ['tests'],
  refactor: ['tests', 'docs'],
  translate: [],
};

/** Returns the slash commands to offer after an answer to `command`. */
export function nextCommands(command: string | undefined): readonly ChatCommand[] {
  return isChatCommand(command) ? NEXT[command] : [];
}

export function isChatCommand(command: string | undefined): command is ChatCommand {
  return CHAT_COMMANDS.some((known) => known === command);
}
