import type { SourceDocument, TextEdit } from '../suggester.ts';
import type { Trees } from '../trees.ts';
import type { Node } from '../../syntax/treeSitter.ts';

/**
 * Whether an edit of a document brings errors of syntax. Without a grammar it brings none. Rejects with `ParserEnded`
 * if the parser ends at the document.
 */
export async function breaksSyntax(
  document: SourceDocument,
  [start, end, inserted]: TextEdit,
  { trees, workspace, onStep }: { readonly trees: Trees; readonly workspace: string; readonly onStep?: () => void },
): Promise<boolean> {
  const { text } = document;
  const edited = { ...document, text: text.slice(0, start) + inserted + text.slice(end) };
  return trees.reading(workspace, async (root) => {
    onStep?.();
    const before = await root(document);
    onStep?.();
    const after = await root(edited);
    return before !== undefined && after !== undefined && errorsIn(after) > errorsIn(before);
  });
}

function errorsIn(root: Node): number {
  if (!root.hasError) return 0;
  let errors = 0;
  const pending: Node[] = [root];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node.isError || node.isMissing) errors++;
    for (const child of node.children) if (child?.hasError) pending.push(child);
  }
  return errors;
}
