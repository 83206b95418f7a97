import * as l10n from '@vscode/l10n';
import type { ChatStrings, SlashCommand } from '../../media/chat/messages.ts';
import { CHAT_COMMANDS, type ChatCommand } from '../../sidecar/protocol/client.ts';

/** Returns the texts of the chat panel's page. */
export function chatStrings(): ChatStrings {
  return {
    you: l10n.t('You'),
    assistant: l10n.t('Chorus'),
    conversation: l10n.t('Conversation'),
    welcomeTitle: l10n.t('Ask about your code'),
    bundledModel: l10n.t('The model that comes with Chorus is small. Its answers may be wrong. Check them.'),
    chooseModel: l10n.t('Choose a model for chat…'),
    askLabel: l10n.t('Question'),
    askPlaceholder: l10n.t('Ask Chorus, or type / for commands'),
    send: l10n.t('Send (Enter)'),
    stop: l10n.t('Stop (Escape)'),
    dictate: l10n.t('Dictate'),
    stopDictating: l10n.t('Stop dictating'),
    answering: l10n.t('Chorus is answering'),
    answerDone: l10n.t('End of answer'),
    copy: l10n.t('Copy'),
    copied: l10n.t('Copied'),
    sources: l10n.t('Read from the workspace'),
    insert: l10n.t('Insert at cursor'),
    apply: l10n.t('Apply: show as a change to the file'),
    retry: l10n.t('Try again'),
    code: l10n.t('Code'),
    codeIn: l10n.t('Code in {0}'),
    commands: l10n.t('Commands'),
    context: l10n.t('Context of the question'),
    addContext: l10n.t('Add context'),
    addSelection: l10n.t('Add the selection'),
    addFile: l10n.t('Add the current file'),
    addDiagnostics: l10n.t('Add the problems of the current file'),
    removeContext: l10n.t('Remove {0}'),
    history: l10n.t('Earlier chats'),
    noHistory: l10n.t('No chats yet in this workspace.'),
    newChat: l10n.t('New chat'),
    deleteChat: l10n.t('Delete {0}'),
    closeHistory: l10n.t('Back to the chat'),
    thinking: l10n.t('Thoughts'),
  };
}

/** Returns the slash commands with their descriptions. */
export function slashCommands(): readonly SlashCommand[] {
  const descriptions: Readonly<Record<ChatCommand, string>> = {
    explain: l10n.t('Explain the code'),
    fix: l10n.t('Find and fix a mistake'),
    tests: l10n.t('Write tests'),
    docs: l10n.t('Write documentation comments'),
    refactor: l10n.t('Make the code easier to read'),
    translate: l10n.t('Translate comments and texts into another language'),
  };
  return CHAT_COMMANDS.map((name) => ({ name, description: descriptions[name] }));
}
