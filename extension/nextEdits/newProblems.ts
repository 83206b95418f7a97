import * as vscode from 'vscode';
import { isProblem } from '../actions/fixProblem.ts';

/** Problems that appear within this time after an edit may come from it. */
const CAUSED_WITHIN_MS = 10_000;
const MAX_PROBLEMS = 4;

/** What is known of a document whose text was changed a moment ago. */
interface Edited {
  /** The problems before the edits. */
  readonly before: ReadonlySet<string>;
  readonly line: number;
  readonly atMs: number;
}

export interface NewProblemsOptions {
  /** Called with the problems that the active document has since the last edits, the nearest first. */
  readonly onNew: (document: vscode.TextDocument, problems: readonly vscode.Diagnostic[]) => void;
  readonly now?: () => number;
}

/** Watches which problems the user's edits cause, as language servers report them. */
export class NewProblems implements vscode.Disposable {
  readonly #edited = new WeakMap<vscode.TextDocument, Edited>();
  readonly #disposables: readonly vscode.Disposable[];
  readonly #now: () => number;
  #lastReported = '';

  constructor(private readonly options: NewProblemsOptions) {
    this.#now = options.now ?? Date.now;
    this.#disposables = [
      vscode.workspace.onDidChangeTextDocument((event) => this.#changed(event)),
      vscode.languages.onDidChangeDiagnostics(({ uris }) => this.#reported(uris)),
    ];
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #changed({ document, contentChanges: [change] }: vscode.TextDocumentChangeEvent): void {
    if (change === undefined) return;
    const known = this.#edited.get(document);
    const atMs = this.#now();
    const isGoingOn = known !== undefined && atMs - known.atMs <= CAUSED_WITHIN_MS;
    const before = isGoingOn ? known.before : new Set(problemsOf(document).map(keyOf));
    this.#edited.set(document, { before, line: document.positionAt(change.rangeOffset).line, atMs });
  }

  #reported(uris: readonly vscode.Uri[]): void {
    const document = vscode.window.activeTextEditor?.document;
    const edited = document && this.#edited.get(document);
    if (document === undefined || edited === undefined || this.#now() - edited.atMs > CAUSED_WITHIN_MS) return;
    if (!uris.some((uri) => uri.toString() === document.uri.toString())) return;
    const distance = ({ range }: vscode.Diagnostic): number => Math.abs(range.start.line - edited.line);
    const problems = problemsOf(document)
      .filter((problem) => !edited.before.has(keyOf(problem)))
      .sort((one, other) => distance(one) - distance(other));
    const reported = JSON.stringify([document.version, problems.map(keyOf)]);
    if (problems.length === 0 || reported === this.#lastReported) return;
    this.#lastReported = reported;
    this.options.onNew(document, problems.slice(0, MAX_PROBLEMS));
  }
}

function problemsOf({ uri }: vscode.TextDocument): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter(isProblem);
}

/** Problems are recognised by what they say, since their places move. */
function keyOf({ source, message }: vscode.Diagnostic): string {
  return JSON.stringify([source, message]);
}
