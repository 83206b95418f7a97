import * as vscode from 'vscode';
import type { WorkspaceDefinitionsParams, WorkspaceDefinitionsResult } from '../../sidecar/protocol/client.ts';
import { isNameAt } from './isNameAt.ts';
import type { WorkspaceFiles } from './workspaceFiles.ts';

/** The time limit for a search. The sidecar waits far less: late results serve its next ranking. */
const LIMIT_MS = 1_000;
/** The maximum number of targets per name, for overloads and names that are defined in many places. */
const MAX_TARGETS = 4;
const PROBLEM_LINES = 10;
const MAX_PROBLEMS = 10;
const MAX_MESSAGE_UNITS = 500;

type Target = vscode.Location | vscode.LocationLink;

/**
 * Returns the definitions that this window's language servers know for names in an open document. Leaves out files that
 * the policy keeps from the model.
 */
export async function findDefinitions(
  { uri: key, places }: WorkspaceDefinitionsParams,
  files: Pick<WorkspaceFiles, 'has'>,
): Promise<WorkspaceDefinitionsResult> {
  const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === key);
  if (document === undefined) return { definitions: [], problems: [] };
  const found = new Map<string, { readonly uri: vscode.Uri; readonly line: number }>();
  const ask = async (command: string, position: vscode.Position): Promise<void> => {
    const targets = (await vscode.commands.executeCommand<Target[] | undefined>(command, document.uri, position)) ?? [];
    for (const target of targets.slice(0, MAX_TARGETS)) {
      const { uri, line } = placeOf(target);
      if (uri.toString() !== key) found.set(`${uri.toString()}#${line}`, { uri, line });
    }
  };
  const standing = places.filter((place) => isNameAt(document, place));
  const questions = standing.flatMap(({ line, character }) => {
    const position = new vscode.Position(line, character);
    return ['vscode.executeDefinitionProvider', 'vscode.executeTypeDefinitionProvider'].map((command) =>
      ask(command, position).catch(() => undefined),
    );
  });
  await Promise.race([Promise.all(questions), new Promise((resolve) => setTimeout(resolve, LIMIT_MS))]);
  const all = [...found.values()];
  const areAllowed = await Promise.all(all.map(({ uri }) => files.has(uri)));
  return {
    definitions: all
      .filter((_place, index) => areAllowed[index])
      .map(({ uri, line }) => ({ uri: uri.toString(), line })),
    problems: problemsNear(document.uri, places[0]?.line ?? 0),
  };
}

function placeOf(target: Target): { uri: vscode.Uri; line: number } {
  return 'targetUri' in target
    ? { uri: target.targetUri, line: (target.targetSelectionRange ?? target.targetRange).start.line }
    : { uri: target.uri, line: target.range.start.line };
}

/** The messages of errors and warnings around a line, nearest first. */
function problemsNear(uri: vscode.Uri, line: number): string[] {
  const distance = ({ range }: vscode.Diagnostic): number => Math.abs(range.start.line - line);
  return vscode.languages
    .getDiagnostics(uri)
    .filter((problem) => problem.severity <= vscode.DiagnosticSeverity.Warning && distance(problem) <= PROBLEM_LINES)
    .sort((one, other) => distance(one) - distance(other))
    .slice(0, MAX_PROBLEMS)
    .map(({ message }) => message.slice(0, MAX_MESSAGE_UNITS));
}
