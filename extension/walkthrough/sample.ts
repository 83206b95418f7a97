import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { brokenLines } from './brokenLines.ts';

/** The columns of the instructions: the sample stands beside the first steps, in a narrow editor. */
const COLUMNS = 34;

/** The last line that the user completes. */
const TO_COMPLETE = '    return';
const CODE = `class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}

  add(other: Point): Point {
    return new Point(this.x + other.x, this.y + other.y);
  }

  subtract(other: Point): Point {
${TO_COMPLETE}
  }
}
`;

/** Opens an unsaved document to try ghost text and next edits on, with the cursor where the user types. */
export async function openSample(): Promise<void> {
  const content = `${instructions()}\n\n${CODE}`;
  const document = await vscode.workspace.openTextDocument({ language: 'typescript', content });
  const end = document.positionAt(content.indexOf(`${TO_COMPLETE}\n`) + TO_COMPLETE.length);
  const editor = await vscode.window.showTextDocument(document, {
    viewColumn: columnOfSample(),
    selection: new vscode.Range(end, end),
  });
  // VS Code shows the cursor in the middle, which hides the first instruction.
  editor.revealRange(new vscode.Range(0, 0, 0, 0), vscode.TextEditorRevealType.AtTop);
}

/** The column beside the first steps, so that they stay readable. Elsewhere the active column. */
function columnOfSample(): vscode.ViewColumn {
  const { activeTab } = vscode.window.tabGroups.activeTabGroup;
  const isText = vscode.window.activeTextEditor !== undefined;
  return activeTab && !isText ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
}

function instructions(): string {
  return [
    l10n.t('Type a space behind "return": grey text continues the line, and Tab takes it.'),
    l10n.t('Then type "that" over the first "other": Tab goes to the next place, and Tab again changes it.'),
  ]
    .flatMap((step, index) =>
      brokenLines(step, COLUMNS).map((line, place) => `// ${place === 0 ? `${index + 1}.` : '  '} ${line}`),
    )
    .join('\n');
}
