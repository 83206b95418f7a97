import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Calls that show their first arguments to the user. */
const SHOWING_CALLS =
  /^(showInformationMessage|showWarningMessage|showErrorMessage|setStatusBarMessage|report|appendText)$/;
/** Properties, variables and attributes whose text the user reads. */
const SHOWN_NAMES =
  /^(title|label|description|detail|placeHolder|placeholder|prompt|tooltip|openLabel|saveLabel|text|message|name|aria-label|notice|textContent|alt)$/;

/** Returns the texts of a source that the user reads but no bundle can replace: words in a literal that is shown. */
function shownLiterals(file: string, code: string): readonly string[] {
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const check = (value: ts.Node | undefined): void => {
    if (!value) return;
    if (ts.isConditionalExpression(value)) {
      check(value.whenTrue);
      check(value.whenFalse);
    } else if (ts.isBinaryExpression(value)) {
      check(value.left);
      check(value.right);
    } else if (ts.isStringLiteralLike(value) || ts.isTemplateExpression(value)) {
      const text = ts.isStringLiteralLike(value)
        ? value.text
        : [value.head, ...value.templateSpans.map(({ literal }) => literal)].map((part) => part.text).join(' ');
      if (isWords(text))
        found.push(`${file}:${source.getLineAndCharacterOfPosition(value.getStart()).line + 1} ${text}`);
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const name = ts.isPropertyAccessExpression(node.expression)
        ? node.expression.name.text
        : node.expression.getText();
      if (SHOWING_CALLS.test(name)) node.arguments.forEach(check);
    } else if (
      ts.isPropertyAssignment(node) &&
      SHOWN_NAMES.test(ts.isStringLiteral(node.name) ? node.name.text : node.name.getText())
    ) {
      check(node.initializer);
    } else if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      ts.isPropertyAccessExpression(node.left) &&
      SHOWN_NAMES.test(node.left.name.text)
    ) {
      check(node.right);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Names of products, formats, commands and identifiers are the same in all languages. */
const NAMES = /Chorus|LM Studio|Ollama|llama\.cpp|VS Code|GGUF|\$\([\w~-]+\)/g;

function isWords(text: string): boolean {
  const rest = text.replace(NAMES, ' ').trim();
  return /\p{L}{2,} +\p{L}{2,}|^\p{Lu}\p{Ll}+[.!?…]?$/u.test(rest);
}

/** Names of other extensions, texts for the model, and reasons for the log. */
const NOT_SHOWN =
  /^extension\/(completion\/otherProviders|actions\/git\/unifiedDiff|documents\/(limitedFiles|linkTarget)|sidecar\/languageClient)\.ts:/;

describe('every shown text is in the bundles', () => {
  for (const folder of ['extension', 'media']) {
    it(`in ${folder}`, () => {
      const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).filter(
        (file) => file.endsWith('.ts') && !file.endsWith('.d.ts'),
      );
      const found = files.flatMap((file) =>
        shownLiterals(path.posix.join(folder, file), readFileSync(path.join(root, folder, file), 'utf8')),
      );
      assert.deepEqual(
        found.filter((entry) => !NOT_SHOWN.test(entry)),
        [],
      );
    });
  }

  it("no text uses VS Code's l10n, which ignores the setting of the interface's language", () => {
    const files = readdirSync(path.join(root, 'extension'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    assert.deepEqual(
      files.filter((file) => /vscode\.l10n\b/.test(readFileSync(path.join(root, 'extension', file), 'utf8'))),
      [],
    );
  });

  it('finds a text outside the bundles', () => {
    const cases = [
      "vscode.window.showInformationMessage('The model is there.')",
      "const item = { label: busy ? 'Model busy' : l10n.t('Ready') }",
      'button.title = `Delete ${name} now`',
    ];
    for (const code of cases) assert.equal(shownLiterals('case.ts', code).length, 1, code);
    assert.deepEqual(
      shownLiterals(
        'case.ts',
        "showInformationMessage(l10n.t('The model is there.'), { title: 'Chorus', name: 'explain' })",
      ),
      [],
    );
  });
});
