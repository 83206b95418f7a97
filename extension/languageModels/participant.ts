import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { currentLanguage } from '../../l10n/currentLanguage.ts';
import { CHAT_REQUEST, type ChatCommand, type ChatParams, type ContextItem } from '../../sidecar/protocol/client.ts';
import { selectionItem } from '../actions/askInChat.ts';
import { quietTarget } from '../actions/editorTarget.ts';
import { mentionsOf, withoutMentions } from '../chat/mentions.ts';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import { localisedMessage } from '../sidecar/localisedMessage.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { isChatCommand, nextCommands } from './followUps.ts';
import { conversationId } from './generateParams.ts';
import { answerMetadata, historyMessages, historyPlaces, mergeContext, type Turn } from './history.ts';
import { resolvePlaces, resolveReferences } from './references.ts';

const PARTICIPANT_ID = 'chorus.chat';
const MAX_SYMBOLS = 8;

/** Registers `@chorus`. It answers with the local model, whichever model is chosen in VS Code's picker. */
export function createParticipant(session: SidecarSession, policy: Pick<DocumentPolicy, 'check'>): vscode.Disposable {
  const participant = vscode.chat.createChatParticipant(PARTICIPANT_ID, (request, context, response, token) =>
    answer({ session, policy }, { request, history: context.history, response, token }),
  );
  participant.iconPath = new vscode.ThemeIcon('comment-discussion-sparkle');
  participant.followupProvider = { provideFollowups: (result) => followUps(result) };
  return participant;
}

interface Turns {
  readonly request: vscode.ChatRequest;
  readonly history: readonly Turn[];
  readonly response: vscode.ChatResponseStream;
  readonly token: vscode.CancellationToken;
}

async function answer(
  { session, policy }: { readonly session: SidecarSession; readonly policy: Pick<DocumentPolicy, 'check'> },
  { request, history, response, token }: Turns,
): Promise<vscode.ChatResult> {
  const command = isChatCommand(request.command) ? request.command : undefined;
  const { items, refused } = await resolveReferences(request.references, policy);
  for (const reason of refused) response.progress(reason);
  const attached = items.length > 0 || !command ? items : await editorContext(policy, response);
  const context = mergeContext(await resolvePlaces(historyPlaces(history), policy), attached);
  const { workspace, symbols } = mentionsOf(request.prompt);
  const messages = [...historyMessages(history), { role: 'user' as const, content: withoutMentions(request.prompt) }];
  const params: ChatParams = {
    conversationId: conversationId('vscode-chat', messages[0]?.content ?? ''),
    messages,
    command,
    context,
    ...(workspace ? { workspace } : {}),
    ...(symbols.length > 0 ? { symbols: symbols.slice(0, MAX_SYMBOLS) } : {}),
    displayLanguage: currentLanguage(),
  };
  try {
    const result = await session.requestStreaming(CHAT_REQUEST, params, ({ text }) => response.markdown(text), token);
    for (const { uri, lines } of result.sources ?? [])
      response.reference(new vscode.Location(vscode.Uri.parse(uri), new vscode.Range(lines[0], 0, lines[1], 0)));
    for (const symbol of result.missingSymbols ?? [])
      response.progress(l10n.t('No definition of {0} was found in the workspace.', symbol));
    for (const omitted of result.omittedContext ?? [])
      response.progress(l10n.t('{0} did not fit into the context in full.', omitted));
    return { metadata: answerMetadata(command, context) };
  } catch (error) {
    if (token.isCancellationRequested) return {};
    return { errorDetails: { message: localisedMessage(error) } };
  }
}

/** A slash command without an attachment refers to the code at the cursor. */
async function editorContext(
  policy: Pick<DocumentPolicy, 'check'>,
  response: vscode.ChatResponseStream,
): Promise<readonly ContextItem[]> {
  const target = await quietTarget(policy);
  if (!target) return [];
  response.reference(new vscode.Location(target.document.uri, target.range));
  return [selectionItem(target)];
}

function followUps(result: vscode.ChatResult): vscode.ChatFollowup[] {
  const titles: Readonly<Record<ChatCommand, string>> = {
    explain: l10n.t('Explain this code'),
    fix: l10n.t('Fix this code'),
    tests: l10n.t('Write tests for this code'),
    docs: l10n.t('Document this code'),
    refactor: l10n.t('Refactor this code'),
    translate: l10n.t('Translate comments and strings'),
  };
  const command: unknown = result.metadata?.['command'];
  return nextCommands(typeof command === 'string' ? command : undefined).map((next) => ({
    prompt: titles[next],
    label: titles[next],
    command: next,
  }));
}
