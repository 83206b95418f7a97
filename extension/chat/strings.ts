import * as vscode from 'vscode';
import type { ChatStrings, SlashCommand } from '../../media/chat/messages.ts';

/** The texts of the chat panel's page. */
export function chatStrings(): ChatStrings {
  return {
    you: vscode.l10n.t('You'),
    assistant: vscode.l10n.t('Chorus'),
    conversation: vscode.l10n.t('Conversation'),
    welcomeTitle: vscode.l10n.t('Ask about your code'),
    welcomeText: vscode.l10n.t('The model runs on your own machine. Nothing you ask or show it leaves it.'),
    bundledModel: vscode.l10n.t('The small model that came with Chorus is made for completing code. What it says of code is often wrong.'),
    chooseModel: vscode.l10n.t('Choose a model for chat…'),
    askLabel: vscode.l10n.t('Question'),
    askPlaceholder: vscode.l10n.t('Ask Chorus, or type / for commands'),
    send: vscode.l10n.t('Send (Enter)'),
    stop: vscode.l10n.t('Stop (Escape)'),
    answering: vscode.l10n.t('Chorus is answering'),
    answerDone: vscode.l10n.t('End of answer'),
    copy: vscode.l10n.t('Copy'),
    copied: vscode.l10n.t('Copied'),
    insert: vscode.l10n.t('Insert at cursor'),
    apply: vscode.l10n.t('Apply: show as a change to the file'),
    retry: vscode.l10n.t('Try again'),
    code: vscode.l10n.t('Code'),
    codeIn: vscode.l10n.t('Code in {0}'),
    commands: vscode.l10n.t('Commands'),
    context: vscode.l10n.t('Context of the question'),
    addContext: vscode.l10n.t('Add context'),
    addSelection: vscode.l10n.t('Add the selection'),
    addFile: vscode.l10n.t('Add the current file'),
    addDiagnostics: vscode.l10n.t('Add the problems of the current file'),
    removeContext: vscode.l10n.t('Remove {0}'),
    history: vscode.l10n.t('Earlier chats'),
    noHistory: vscode.l10n.t('No chats yet in this workspace.'),
    newChat: vscode.l10n.t('New chat'),
    deleteChat: vscode.l10n.t('Delete {0}'),
    closeHistory: vscode.l10n.t('Back to the chat'),
    thinking: vscode.l10n.t('Thoughts'),
  };
}

/** The slash commands with what they do. */
export function slashCommands(): readonly SlashCommand[] {
  return [
    { name: 'explain', description: vscode.l10n.t('Explain the code') },
    { name: 'fix', description: vscode.l10n.t('Find and fix a mistake') },
    { name: 'tests', description: vscode.l10n.t('Write tests') },
    { name: 'docs', description: vscode.l10n.t('Write documentation comments') },
    { name: 'refactor', description: vscode.l10n.t('Make the code easier to read') },
    { name: 'translate', description: vscode.l10n.t('Translate comments and texts into another language') },
  ];
}
