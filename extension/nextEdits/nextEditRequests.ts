import * as vscode from 'vscode';
import { NEXT_EDIT_REQUEST, type NextEdit, type NextEditFix, SHOWN_CONFIDENCE } from '../../sidecar/protocol/client.ts';
import { gateState } from '../completion/completionGate.ts';
import type { Snooze } from '../completion/snooze.ts';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import type { DocumentSync } from '../documents/documentSync.ts';
import { NOTEBOOK_CELL_SCHEME } from '../documents/schemes.ts';
import { readCompletionPreferences, readModelNextEdits, readNextEditsEnabled } from '../settings.ts';
import type { LanguageClientSession } from '../sidecar/sidecarSession.ts';

/** The pause in typing after which the sidecar is asked. */
const PAUSE_MS = 200;

export interface NextEditSetup {
  readonly session: LanguageClientSession;
  readonly policy: DocumentPolicy;
  readonly documents: DocumentSync;
  readonly snooze: Snooze;
  readonly log: vscode.LogOutputChannel;
}

/** Asks the sidecar for next edits after a pause in typing. A newer question cancels the one before. */
export class NextEditRequests implements vscode.Disposable {
  readonly #setup: NextEditSetup;
  #timer: NodeJS.Timeout | undefined;
  #source: vscode.CancellationTokenSource | undefined;

  constructor(setup: NextEditSetup) {
    this.#setup = setup;
  }

  /**
   * Asks after a pause. `onAnswer` is called only if nothing cancelled the question. `findFixes` finds quick fixes of
   * language servers; it is called only if the sidecar may know the document.
   */
  ask(
    document: vscode.TextDocument,
    onAnswer: (suggestions: readonly NextEdit[]) => void,
    findFixes?: () => Promise<readonly NextEditFix[]>,
  ): void {
    this.cancel();
    const source = new vscode.CancellationTokenSource();
    this.#source = source;
    this.#timer = setTimeout(() => {
      this.#request(document, source.token, findFixes).then(
        (suggestions) => {
          if (!source.token.isCancellationRequested) onAnswer(suggestions);
        },
        // The session reports problems of the sidecar itself.
        (error: unknown) =>
          this.#setup.log.debug(`Next edits: ${error instanceof Error ? error.message : String(error)}`),
      );
    }, PAUSE_MS);
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#source?.cancel();
    this.#source?.dispose();
    this.#source = undefined;
  }

  dispose(): void {
    this.cancel();
  }

  async #request(
    document: vscode.TextDocument,
    token: vscode.CancellationToken,
    findFixes: () => Promise<readonly NextEditFix[]> = () => Promise.resolve([]),
  ): Promise<readonly NextEdit[]> {
    const { session, policy, documents } = this.#setup;
    if (!this.#isOn(document) || (await policy.check(document.uri)) !== 'allowed') return [];
    if (!(await this.#connects())) return [];
    if (token.isCancellationRequested || (await documents.ensureSent(document)) !== 'sent') return [];
    const fixes = await findFixes();
    if (token.isCancellationRequested) return [];
    const model = readModelNextEdits(vscode.workspace.getConfiguration('chorus'));
    const { suggestions } = await session.request(NEXT_EDIT_REQUEST, { fixes, model }, token);
    const verdicts = await Promise.all(suggestions.map(({ uri }) => policy.check(vscode.Uri.parse(uri))));
    return suggestions.filter(
      ({ confidence }, index) => confidence >= SHOWN_CONFIDENCE && verdicts[index] === 'allowed',
    );
  }

  /** Ghost text starts the sidecar. Without ghost text, next edits start it. */
  async #connects(): Promise<boolean> {
    const { session } = this.#setup;
    const { enabled } = readCompletionPreferences(vscode.workspace.getConfiguration('chorus'));
    if (!session.isRunning && !enabled) await session.start();
    return session.isRunning;
  }

  #isOn({ uri, languageId }: vscode.TextDocument): boolean {
    if (!vscode.workspace.isTrusted || uri.scheme === NOTEBOOK_CELL_SCHEME) return false;
    const settings = vscode.workspace.getConfiguration('chorus');
    const preferences = { ...readCompletionPreferences(settings), enabled: readNextEditsEnabled(settings) };
    return gateState(preferences, languageId, this.#setup.snooze.untilMs, Date.now()).kind === 'on';
  }
}
