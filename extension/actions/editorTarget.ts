import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { DocumentPolicy, Verdict } from '../documents/documentPolicy.ts';
import { withoutLinks } from '../withoutLinks.ts';
import { chooseTarget, type Lines, type OutlineSymbol, type Target, withLeadingComment } from './target.ts';

/** The part of a document that an action works on. */
export interface EditorTarget {
  readonly document: vscode.TextDocument;
  readonly range: vscode.Range;
  readonly origin: Target['origin'];
}

/** The number of UTF-16 units before and after the target that a model may see. */
const CONTEXT_UNITS = 16_000;

/**
 * Returns the target in the active editor, or in `uri` at `range` if a code action names them. Tells the user why and
 * returns `undefined` if there is no editor, no code at the cursor, or the document must not leave the window.
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

/** Returns the same target as `currentTarget` for the active editor, but shows no message if there is none. */
export async function quietTarget(policy: Pick<DocumentPolicy, 'check'>): Promise<EditorTarget | undefined> {
  const editor = vscode.window.activeTextEditor;
  if (!editor || (await policy.check(editor.document.uri)) !== 'allowed') return undefined;
  return targetAt(editor.document, editor.selection);
}

async function targetAt(document: vscode.TextDocument, selection: vscode.Range): Promise<EditorTarget | undefined> {
  const target = chooseTarget(selection, await outline(document), linesOf(document));
  return target && { document, range: toRange(target.range), origin: target.origin };
}

/** Returns a target with up to `limitUnits` UTF-16 units of text on either side, in the sidecar's form. */
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

/** Returns a declaration extended by the comment above it. */
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

/** The document's outline. Empty if no extension provides an outline, or if the symbols have no extent. */
async function outline(document: vscode.TextDocument): Promise<readonly OutlineSymbol[]> {
  type Symbols = (vscode.DocumentSymbol | vscode.SymbolInformation)[] | undefined;
  const found = await vscode.commands.executeCommand<Symbols>('vscode.executeDocumentSymbolProvider', document.uri);
  return (found ?? []).filter((symbol): symbol is vscode.DocumentSymbol => 'children' in symbol);
}

/** Returns the reason why Chorus does not read a file, in words for the user. */
export function refusal(verdict: Exclude<Verdict, 'allowed'>, path: string): string {
  const file = withoutLinks(path);
  switch (verdict) {
    case 'secret':
      return l10n.t('Chorus does not read {0}: files with this name usually hold secrets.', file);
    case 'ignored':
      return l10n.t('Chorus does not read {0}: an ignore file excludes it.', file);
    case 'scheme':
      return l10n.t('Chorus does not read {0}: documents of this kind are not supported.', file);
  }
}
