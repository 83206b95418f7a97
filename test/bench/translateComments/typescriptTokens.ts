import ts from 'typescript';

/** Returns the leaves of TypeScript's own syntax tree, without comments and with strings replaced by their kind. */
export function typescriptTokens(code: string): string {
  const tokens: string[] = [];
  const visit = (node: ts.Node): void => {
    if (node.getChildCount() > 0)
      return node
        .getChildren()
        .filter(({ kind }) => kind < ts.SyntaxKind.FirstJSDocNode || kind > ts.SyntaxKind.LastJSDocNode)
        .forEach(visit);
    const isText = ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
    tokens.push(isText ? ts.SyntaxKind[node.kind] : node.getText());
  };
  visit(ts.createSourceFile('file.tsx', code, ts.ScriptTarget.Latest, true));
  return tokens.join('\n');
}
