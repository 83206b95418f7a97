import * as vscode from 'vscode';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { ModelProvider } from './modelProvider.ts';
import { createParticipant } from './participant.ts';

/** The vendor in `contributes.languageModelChatProviders`. Other extensions select the local model by it. */
const MODEL_VENDOR = 'chorus';

/** Registers the local model in VS Code's model picker, in `vscode.lm`, and as `@chorus` in its chat. */
export function registerLanguageModels(
  context: vscode.ExtensionContext,
  session: SidecarSession,
  policy: DocumentPolicy,
): void {
  // VSCodium and other builds may lack these parts.
  if (typeof vscode.lm?.registerLanguageModelChatProvider === 'function') {
    const provider = new ModelProvider(session);
    context.subscriptions.push(provider, vscode.lm.registerLanguageModelChatProvider(MODEL_VENDOR, provider));
  }
  if (typeof vscode.chat?.createChatParticipant === 'function')
    context.subscriptions.push(createParticipant(session, policy));
}
