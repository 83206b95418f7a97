import * as vscode from 'vscode';
import type { Source } from '../../media/chat/messages.ts';
import type { ContextItem, SourcePlace } from '../../sidecar/protocol/client.ts';
import { NOTEBOOK_CELL_SCHEME } from '../documents/schemes.ts';

/**
 * Returns the sources listed under an answer, each place once: the code attached to the question and the passages found
 * in the workspace.
 */
export function sourcesOf(context: readonly ContextItem[], found: readonly SourcePlace[] = []): readonly Source[] {
  const attached = context.flatMap(({ kind, uri, lines }): Source[] => {
    const place = uri === undefined || (kind !== 'file' && kind !== 'selection') ? undefined : vscode.Uri.parse(uri);
    // A cell can't be shown in an editor of its own.
    if (place === undefined || place.scheme === NOTEBOOK_CELL_SCHEME) return [];
    return [asSource(place.toString(), vscode.workspace.asRelativePath(place), lines)];
  });
  const sources = [...attached, ...found.map(({ uri, path, lines }) => asSource(uri, path, lines))];
  return [...new Map(sources.map((source) => [`${source.uri}#${source.line}`, source])).values()];
}

/** Without `lines` the source is a whole file. */
function asSource(uri: string, path: string, lines: ContextItem['lines']): Source {
  if (lines === undefined) return { uri, line: 0, label: path };
  return { uri, line: lines[0], label: `${path}:${lines[0] + 1}-${lines[1] + 1}` };
}
