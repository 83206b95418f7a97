import * as vscode from 'vscode';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { ModelProvider } from './modelProvider.ts';
import { createParticipant } from './participant.ts';

/** The vendor of `contributes.languageModelChatProviders`, by which other extensions select the local model. */
const MODEL_VENDOR = 'chorus';

/** Puts the local model into VS Code's model picker, behind `vscode.lm`, and behind `@chorus` in its chat. */
export function registerLanguageModels(
  context: vscode.ExtensionContext,
  session: SidecarSession,
  policy: DocumentPolicy,
): void {
  // VSCodium and other builds may leave these parts out.
  if (typeof vscode.lm?.registerLanguageModelChatProvider === 'function') {
    const provider = new ModelProvider(session);
    context.subscriptions.push(provider, vscode.lm.registerLanguageModelChatProvider(MODEL_VENDOR, provider));
  }
  if (typeof vscode.chat?.createChatParticipant === 'function')
    context.subscriptions.push(createParticipant(session, policy));
}
