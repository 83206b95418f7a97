import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { CURSOR_NOTIFICATION, type CursorRest, type Trouble } from '../../sidecar/protocol/client.ts';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import type { DocumentSync } from '../documents/documentSync.ts';
import type { LanguageClientSession } from '../sidecar/sidecarSession.ts';
import { TroubleError } from '../sidecar/troubleError.ts';
import { readCompletionPreferences } from '../settings.ts';
import { gateState, type GateState } from './completionGate.ts';
import type { Snooze } from './snooze.ts';

export interface GhostTextSetup {
  readonly session: LanguageClientSession;
  readonly policy: DocumentPolicy;
  readonly documents: DocumentSync;
  readonly snooze: Snooze;
  readonly log: vscode.LogOutputChannel;
  /** Returns a suggested change that is shown as ghost text at a place. It comes before completions. */
  readonly nextEditAt: (
    document: vscode.TextDocument,
    position: vscode.Position,
  ) => vscode.InlineCompletionItem | undefined;
  readonly onOffer: (
    document: vscode.TextDocument,
    position: vscode.Position,
    items: readonly vscode.InlineCompletionItem[],
  ) => void;
  readonly onTrouble: (trouble: Trouble) => void;
}

/** VS Code's provider of ghost text. It runs on every keystroke, so it never shows a notification. */
export class GhostText implements vscode.InlineCompletionItemProvider {
  readonly #setup: GhostTextSetup;

  constructor(setup: GhostTextSetup) {
    this.#setup = setup;
  }

  /** Returns whether ghost text is on. Without `languageId` it ignores the language. */
  state(languageId?: string): GateState {
    const preferences = readCompletionPreferences(vscode.workspace.getConfiguration('chorus'));
    return gateState(preferences, languageId, this.#setup.snooze.untilMs, Date.now());
  }

  async provideInlineCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[] | undefined> {
    const { nextEditAt, onOffer, onTrouble, log } = this.#setup;
    const nextEdit = nextEditAt(document, position);
    if (nextEdit) return [nextEdit];
    if (!(await this.#isWanted(document, context))) return undefined;
    try {
      const items = await this.#askAgainAfterCrash(() => this.#ask(document, position, context, token), token);
      if (token.isCancellationRequested || items.length === 0) return undefined;
      onOffer(document, position, items);
      return [...items];
    } catch (error) {
      // The session reports problems of the sidecar itself.
      if (error instanceof TroubleError) onTrouble(error.trouble);
      else if (!(error instanceof vscode.CancellationError))
        log.debug(`Ghost text: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /**
   * Tells the sidecar that the cursor rests at a place where ghost text may be needed next. Does not start a sidecar.
   */
  async prepare(document: vscode.TextDocument, position: vscode.Position): Promise<void> {
    const { session, documents } = this.#setup;
    if (
      !session.isRunning ||
      this.state(document.languageId).kind !== 'on' ||
      (await documents.ensureSent(document)) !== 'sent'
    )
      return;
    const { line, character } = position;
    await session.notifyIfRunning(CURSOR_NOTIFICATION, {
      textDocument: { uri: document.uri.toString() },
      position: { line, character },
    } satisfies CursorRest);
  }

  async #ask(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<readonly vscode.InlineCompletionItem[]> {
    const { session, documents, onTrouble } = this.#setup;
    // The first keystroke starts the sidecar, even if the next one comes before it runs.
    await session.start();
    const sync = await documents.ensureSent(document);
    if (sync === 'tooLarge') onTrouble(tooLarge(document));
    if (sync !== 'sent' || token.isCancellationRequested) return [];
    return session.provideInlineCompletions(document, position, context, token);
  }

  /**
   * Repeats a request that a crash of the sidecar interrupted, since the editor asks only once per keystroke. After a
   * newer keystroke this request is not repeated.
   */
  async #askAgainAfterCrash<Answer>(ask: () => Promise<Answer>, token: vscode.CancellationToken): Promise<Answer> {
    try {
      return await ask();
    } catch (error) {
      if (!isLostConnection(error)) throw error;
      await this.#setup.session.recover(token);
      return ask();
    }
  }

  /** Returns whether this request may go on. A request by command is answered even if ghost text is off. */
  async #isWanted(document: vscode.TextDocument, context: vscode.InlineCompletionContext): Promise<boolean> {
    const isExplicit = context.triggerKind === vscode.InlineCompletionTriggerKind.Invoke;
    if (!isExplicit && this.state(document.languageId).kind !== 'on') return false;
    return (await this.#setup.policy.check(document.uri)) === 'allowed';
  }
}

function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error.name === 'DrainingError' || (error.name === 'SidecarError' && (error as { code?: unknown }).code === 'closed')
  );
}

function tooLarge(document: vscode.TextDocument): Trouble {
  const message = l10n.t('{0} is too large for ghost text.', vscode.workspace.asRelativePath(document.uri));
  return { code: 'document-too-large', message };
}
