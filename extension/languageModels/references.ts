import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ContextItem } from '../../sidecar/protocol/client.ts';
import { refusal } from '../actions/editorTarget.ts';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';

/** The maximum size of a file in bytes. No local model's context holds a larger one. */
const MAX_REFERENCE_BYTES = 1024 * 1024;

export interface ResolvedReferences {
  readonly items: readonly ContextItem[];
  /** One sentence for the user about each refused item. */
  readonly refused: readonly string[];
}

/** The place of a context item, stored with an answer. Later turns of the conversation read it again. */
export interface KeptPlace {
  readonly uri: string;
  readonly lines?: readonly [start: number, end: number];
}

/**
 * Reads the user's attachments to a chat request: files, places in files, and text. Refuses secret and ignored files.
 */
export async function resolveReferences(
  references: readonly vscode.ChatPromptReference[],
  policy: Pick<DocumentPolicy, 'check'>,
): Promise<ResolvedReferences> {
  const items: ContextItem[] = [];
  const refused: string[] = [];
  for (const { value, modelDescription } of references) {
    if (typeof value === 'string') {
      items.push({ kind: 'selection', text: modelDescription ? `${modelDescription}:\n${value}` : value });
      continue;
    }
    const place =
      value instanceof vscode.Location
        ? value
        : value instanceof vscode.Uri
          ? { uri: value, range: undefined }
          : undefined;
    if (!place) continue;
    const result = await readPlace(place.uri, place.range, policy);
    if (typeof result === 'string') refused.push(result);
    else items.push(result);
  }
  return { items, refused };
}

/** Reads the places of a conversation's earlier turns again. Leaves out places that are gone or refused by now. */
export async function resolvePlaces(
  places: readonly KeptPlace[],
  policy: Pick<DocumentPolicy, 'check'>,
): Promise<readonly ContextItem[]> {
  const results = await Promise.all(
    places.map(({ uri, lines }) => {
      const range = lines && new vscode.Range(lines[0], 0, lines[1], Number.MAX_SAFE_INTEGER);
      return readPlace(vscode.Uri.parse(uri), range, policy);
    }),
  );
  return results.filter((result) => typeof result !== 'string');
}

/** Resolves with a context item, or with a sentence that says why there is none. */
async function readPlace(
  uri: vscode.Uri,
  range: vscode.Range | undefined,
  policy: Pick<DocumentPolicy, 'check'>,
): Promise<ContextItem | string> {
  const name = vscode.workspace.asRelativePath(uri);
  const verdict = await policy.check(uri);
  if (verdict !== 'allowed') return refusal(verdict, name);
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (!open && !vscode.workspace.isTrusted)
    return l10n.t('Chorus does not read {0}. In an untrusted workspace it reads open documents only.', name);
  if (!open) {
    const stat = await vscode.workspace.fs.stat(uri).then(
      (found) => found,
      () => undefined,
    );
    if (!stat) return l10n.t('{0} cannot be read.', name);
    if (stat.type & vscode.FileType.Directory) return l10n.t('{0} is a folder. Attach the relevant files in it.', name);
    if (stat.size > MAX_REFERENCE_BYTES) return l10n.t('{0} is too large to attach. Select the relevant part.', name);
  }
  try {
    const document = open ?? (await vscode.workspace.openTextDocument(uri));
    const lines = range && ([range.start.line, range.end.line] as const);
    return {
      kind: range ? 'selection' : 'file',
      uri: uri.toString(),
      languageId: document.languageId,
      lines,
      text: document.getText(range && document.validateRange(range)),
    };
  } catch {
    return l10n.t('{0} is not a text file.', path.posix.basename(uri.path));
  }
}
