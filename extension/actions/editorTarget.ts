import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { DocumentPolicy, Verdict } from '../documents/documentPolicy.ts';
import { withoutLinks } from '../withoutLinks.ts';
import { chooseTarget, type Lines, type OutlineSymbol, type Target, withLeadingComment } from './target.ts';

/** What an action works on: a part of one document. */
export interface EditorTarget {
  readonly document: vscode.TextDocument;
  readonly range: vscode.Range;
  readonly origin: Target['origin'];
}

/** UTF-16 units of the document that a model may want to know before and after the target. */
const CONTEXT_UNITS = 16_000;

/**
 * The target in the active editor, or in `uri` at `range` where a code action names them. Says why and answers
 * `undefined` when there is no editor, no code at the cursor, or the document must not leave the window.
 */
export async function currentTarget(
  policy: Pick<DocumentPolicy, 'check'>,
  uri?: vscode.Uri,
  range?: vscode.Range,
): Promise<EditorTarget | undefined> {
  const editor = vscode.window.activeTextEditor;
  const document = uri ? await vscode.workspace.openTextDocument(uri) : editor?.document;
  const selection = range ?? (document && editor?.document === document ? editor.selection : undefined);
  if (!document || !selection) {
    await vscode.window.showInformationMessage(
      l10n.t('Open a file and put the cursor on the code that Chorus should work on.'),
    );
    return undefined;
  }
  const verdict = await policy.check(document.uri);
  if (verdict !== 'allowed') {
    await vscode.window.showWarningMessage(refusal(verdict, vscode.workspace.asRelativePath(document.uri)));
    return undefined;
  }
  const target = await targetAt(document, selection);
  if (!target) {
    await vscode.window.showInformationMessage(
      l10n.t('There is no code at the cursor. Select the code that Chorus should work on.'),
    );
  }
  return target;
}

/** As `currentTarget` for the active editor, without a word to the user when there is none. */
export async function quietTarget(policy: Pick<DocumentPolicy, 'check'>): Promise<EditorTarget | undefined> {
  const editor = vscode.window.activeTextEditor;
  if (!editor || (await policy.check(editor.document.uri)) !== 'allowed') return undefined;
  return targetAt(editor.document, editor.selection);
}

async function targetAt(document: vscode.TextDocument, selection: vscode.Range): Promise<EditorTarget | undefined> {
  const target = chooseTarget(selection, await outline(document), linesOf(document));
  return target && { document, range: toRange(target.range), origin: target.origin };
}

/** A target with the text around it, as the sidecar wants it: on either side as many UTF-16 units as are asked for. */
export function surroundings(
  { document, range }: EditorTarget,
  limitUnits = CONTEXT_UNITS,
): { readonly before: string; readonly target: string; readonly after: string } {
  const text = document.getText();
  const start = document.offsetAt(range.start);
  const end = document.offsetAt(range.end);
  return {
    before: text.slice(Math.max(0, start - limitUnits), start),
    target: text.slice(start, end),
    after: text.slice(end, end + limitUnits),
  };
}

/** A declaration with the comment that stands above it. */
export function withComment(target: EditorTarget): EditorTarget {
  const { document, origin, range } = target;
  return origin === 'symbol'
    ? { ...target, range: toRange(withLeadingComment(range, linesOf(document), document.languageId)) }
    : target;
}

function linesOf(document: vscode.TextDocument): Lines {
  return { lineCount: document.lineCount, lineText: (line) => document.lineAt(line).text };
}

function toRange({ start, end }: Target['range']): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

/** The document's outline. Empty where no extension knows one, or where it gives symbols without their extent. */
async function outline(document: vscode.TextDocument): Promise<readonly OutlineSymbol[]> {
  type Symbols = (vscode.DocumentSymbol | vscode.SymbolInformation)[] | undefined;
  const found = await vscode.commands.executeCommand<Symbols>('vscode.executeDocumentSymbolProvider', document.uri);
  return (found ?? []).filter((symbol): symbol is vscode.DocumentSymbol => 'children' in symbol);
}

/** Why Chorus does not read a file, in words for the user. */
export function refusal(verdict: Exclude<Verdict, 'allowed'>, path: string): string {
  const file = withoutLinks(path);
  switch (verdict) {
    case 'secret':
      return l10n.t('Chorus does not read {0}: files of this name hold secrets.', file);
    case 'ignored':
      return l10n.t('Chorus does not read {0}: an ignore file excludes it.', file);
    case 'scheme':
      return l10n.t('Chorus does not read {0}: it is not a file of yours.', file);
  }
}
