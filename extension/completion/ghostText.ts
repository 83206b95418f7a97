import * as vscode from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';
import type { Trouble } from '../../sidecar/protocol/client.ts';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import type { DocumentSync } from '../documents/documentSync.ts';
import { readCompletionPreferences } from '../settings.ts';
import { gateState, type GateState } from './completionGate.ts';
import type { Snooze } from './snooze.ts';

export interface GhostTextSetup {
  readonly policy: DocumentPolicy;
  readonly documents: DocumentSync;
  readonly snooze: Snooze;
  readonly onOffer: (document: vscode.TextDocument, position: vscode.Position, items: readonly vscode.InlineCompletionItem[]) => void;
  readonly onTrouble: (trouble: Trouble) => void;
}

/** Decides for each request of the editor whether the sidecar is asked. Never shows anything by itself: it runs on every keystroke. */
export class GhostText {
  readonly #setup: GhostTextSetup;

  constructor(setup: GhostTextSetup) {
    this.#setup = setup;
  }

  /** Whether ghost text is wanted now; without `languageId`, regardless of the language. */
  state(languageId?: string): GateState {
    const preferences = readCompletionPreferences(vscode.workspace.getConfiguration('chorus'));
    return gateState(preferences, languageId, this.#setup.snooze.untilMs, Date.now());
  }

  /** Whether this request may go on. What the user asks for by a command is answered even while ghost text is off. */
  async isWanted(document: vscode.TextDocument, context: vscode.InlineCompletionContext): Promise<boolean> {
    const isExplicit = context.triggerKind === vscode.InlineCompletionTriggerKind.Invoke;
    if (!isExplicit && this.state(document.languageId).kind !== 'on') return false;
    return (await this.#setup.policy.check(document.uri)) === 'allowed';
  }

  readonly middleware: Required<Pick<Middleware, 'provideInlineCompletionItems'>> = {
    provideInlineCompletionItems: async (document, position, context, token, next) => {
      if (!(await this.isWanted(document, context))) return undefined;
      const sync = await this.#setup.documents.ensureSent(document);
      if (sync === 'tooLarge') this.#setup.onTrouble(tooLarge(document));
      if (sync !== 'sent' || token.isCancellationRequested) return undefined;
      const result = await next(document, position, context, token);
      if (token.isCancellationRequested || !result) return undefined;
      const items = Array.isArray(result) ? result : result.items;
      if (items.length > 0) this.#setup.onOffer(document, position, items);
      return result;
    },
  };
}

function tooLarge(document: vscode.TextDocument): Trouble {
  const message = vscode.l10n.t('{0} is too large for ghost text.', vscode.workspace.asRelativePath(document.uri));
  return { code: 'document-too-large', message };
}
