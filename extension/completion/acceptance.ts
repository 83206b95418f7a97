import * as vscode from 'vscode';
import { ACCEPTED_COMMAND, type CompletionFeedback, type CompletionItemExtras } from '../../sidecar/protocol/client.ts';
import {
  AcceptanceTracker,
  type AcceptanceEvent,
  type OfferedCompletion,
  type TextChange,
} from './acceptanceTracker.ts';
import { addCounts, NO_COUNTS, type CompletionCounts } from './counts.ts';
import { SurvivalTracker } from './survivalTracker.ts';

const COUNTS_KEY = 'chorus.completion.counts';
const SURVIVAL_DELAY_MS = 2 * 60_000;

/** Follows offered ghost text through document changes and counts the results. */
export class Acceptance implements vscode.Disposable {
  readonly #storage: vscode.Memento;
  readonly #sendFeedback: (feedback: CompletionFeedback) => void;
  readonly #offered = new Map<vscode.TextDocument, AcceptanceTracker>();
  readonly #survival = new Map<vscode.TextDocument, SurvivalTracker>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #didChangeCounts = new vscode.EventEmitter<void>();
  readonly onDidChangeCounts = this.#didChangeCounts.event;
  readonly #disposables: vscode.Disposable[];

  constructor(storage: vscode.Memento, sendFeedback: (feedback: CompletionFeedback) => void) {
    this.#storage = storage;
    this.#sendFeedback = sendFeedback;
    this.#disposables = [
      this.#didChangeCounts,
      vscode.commands.registerCommand(ACCEPTED_COMMAND, (extras?: CompletionItemExtras) => this.#accepted(extras)),
      vscode.workspace.onDidChangeTextDocument((event) => this.#changed(event)),
      vscode.window.onDidChangeTextEditorSelection((event) => this.#moved(event.textEditor)),
      vscode.workspace.onDidCloseTextDocument((document) => this.#closed(document)),
    ];
  }

  get counts(): CompletionCounts {
    return addCounts(this.#storage.get<Partial<CompletionCounts>>(COUNTS_KEY), NO_COUNTS);
  }

  /** Takes note of ghost text that goes to the editor. VS Code shows it unless the user types first. */
  offer(document: vscode.TextDocument, position: vscode.Position, items: readonly vscode.InlineCompletionItem[]): void {
    const offers = items.flatMap((item) => asOffer(document, position, item));
    const { shown, events } = this.#tracker(document).offer(offers.slice(0, 1), offers.slice(1));
    for (const completionId of shown) {
      this.#sendFeedback({ completionId, kind: 'shown' });
      this.#count({ shown: 1 });
    }
    this.#report(events);
  }

  /**
   * Returns the text that Chorus offers after the cursor of an editor. Returns `undefined` if it offers none, or
   * several texts of which VS Code displays only one.
   */
  remaining({ document, selection }: vscode.TextEditor): string | undefined {
    return this.#offered.get(document)?.remainingAt(document.offsetAt(selection.active));
  }

  #tracker(document: vscode.TextDocument): AcceptanceTracker {
    let tracker = this.#offered.get(document);
    if (tracker === undefined) this.#offered.set(document, (tracker = new AcceptanceTracker()));
    return tracker;
  }

  #accepted(extras: CompletionItemExtras | undefined): void {
    if (typeof extras?.completionId !== 'string') return;
    const { completionId, textLength } = extras;
    this.#sendFeedback({ completionId, kind: 'accepted', acceptedCharacters: textLength });
    this.#count({ accepted: 1, acceptedCharacters: textLength });
    for (const [document, tracker] of this.#offered) {
      const offer = tracker.accept(completionId);
      if (offer) this.#followAccepted(document, offer);
    }
  }

  #followAccepted(document: vscode.TextDocument, { completionId, offset, text }: OfferedCompletion): void {
    let survival = this.#survival.get(document);
    if (survival === undefined) this.#survival.set(document, (survival = new SurvivalTracker()));
    survival.follow(completionId, offset, text.length);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const survivedShare = survival.settle(completionId);
      if (survivedShare !== undefined) this.#count({ revisited: 1, survivedShares: survivedShare });
    }, SURVIVAL_DELAY_MS);
    this.#timers.add(timer);
  }

  #changed(event: vscode.TextDocumentChangeEvent): void {
    const tracker = this.#offered.get(event.document);
    const survival = this.#survival.get(event.document);
    if ((!tracker && !survival) || event.contentChanges.length === 0) return;
    // All offsets refer to the text before the event, so the changes are applied from the document's end to its start.
    const changes: TextChange[] = event.contentChanges
      .map((change) => ({ offset: change.rangeOffset, removedLength: change.rangeLength, text: change.text }))
      .sort((a, b) => b.offset - a.offset);
    survival?.change(changes);
    if (tracker) this.#report(tracker.change(changes, event.reason !== undefined));
  }

  #moved(editor: vscode.TextEditor): void {
    const tracker = this.#offered.get(editor.document);
    if (tracker && !tracker.isAt(editor.document.offsetAt(editor.selection.active))) this.#report(tracker.leave());
  }

  #closed(document: vscode.TextDocument): void {
    const tracker = this.#offered.get(document);
    if (tracker) this.#report(tracker.leave());
    this.#offered.delete(document);
    this.#survival.delete(document);
  }

  #report(events: readonly AcceptanceEvent[]): void {
    for (const event of events) {
      const { completionId, kind } = event;
      this.#sendFeedback(
        kind === 'dismissed'
          ? { completionId, kind }
          : { completionId, kind, acceptedCharacters: event.acceptedCharacters },
      );
      this.#count(
        event.kind === 'dismissed'
          ? { dismissed: 1 }
          : { acceptedPartly: event.isFirst ? 1 : 0, acceptedCharacters: event.addedCharacters },
      );
    }
  }

  #count(added: Partial<CompletionCounts>): void {
    const counts = addCounts(this.counts, added);
    this.#storage.update(COUNTS_KEY, counts).then(undefined, () => undefined);
    this.#didChangeCounts.fire();
  }

  dispose(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }
}

function asOffer(
  document: vscode.TextDocument,
  position: vscode.Position,
  item: vscode.InlineCompletionItem,
): readonly OfferedCompletion[] {
  const extras = item.command?.arguments?.[0] as Partial<CompletionItemExtras> | undefined;
  if (typeof extras?.completionId !== 'string' || typeof item.insertText !== 'string') return [];
  const lineBreak = document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n';
  const text = item.insertText.replaceAll(/\r?\n/g, lineBreak);
  const cursor = document.offsetAt(position);
  const offset = item.range ? document.offsetAt(item.range.start) : cursor;
  const end = item.range ? document.offsetAt(item.range.end) : cursor;
  return [
    {
      completionId: extras.completionId,
      offset,
      text,
      typedLength: cursor - offset,
      replacedLength: Math.max(0, end - cursor),
    },
  ];
}
