import type { ImportForm } from './imports/importsOfName.ts';
import type { SourceDocument } from './suggester.ts';

/** A name that a file offers to others. */
export interface Export {
  readonly document: SourceDocument;
  readonly name: string;
  /** Whether it exists only for the type checker. */
  readonly isType: boolean;
  readonly form: ImportForm;
}

const ECMA_SCRIPT = /^(typescript|javascript)(react)?$/;
const KINDS = 'const|let|var|(?:async\\s+)?function\\*?|(?:abstract\\s+)?class|(?:const\\s+)?enum|interface|type';

/** Returns a file's export of a name, if files of the language can import it. */
export function exportOf(document: SourceDocument, name: string, languageId: string): Export | undefined {
  const { text } = document;
  if (ECMA_SCRIPT.test(languageId) && ECMA_SCRIPT.test(document.languageId)) return ecmaScript(document, name);
  if (languageId !== document.languageId) return undefined;
  const patterns: Readonly<Record<string, string>> = {
    python: `^(?:(?:(?:async\\s+)?def|class)\\s+${name}\\b|${name}[ \\t]*(?::[^=\\n]+)?=(?!=))`,
    java: `^public\\s+(?:(?:final|abstract|sealed)\\s+)*(?:class|interface|enum|record)\\s+${name}\\b`,
  };
  const pattern = patterns[languageId];
  return pattern !== undefined && new RegExp(pattern, 'm').test(text)
    ? { document, name, isType: false, form: 'named' }
    : undefined;
}

function ecmaScript(document: SourceDocument, name: string): Export | undefined {
  const { text } = document;
  const declared = new RegExp(`^export\\s+(default\\s+)?(?:declare\\s+)?(${KINDS})\\s+${name}(?![\\w$])`, 'm').exec(
    text,
  );
  if (declared !== null) {
    const [, isDefault, kind = ''] = declared;
    return { document, name, isType: /^(interface|type)$/.test(kind), form: isDefault ? 'default' : 'named' };
  }
  if (new RegExp(`^export[ \\t]+default[ \\t]+${name}[ \\t]*(?:;|$)`, 'm').test(text))
    return { document, name, isType: false, form: 'default' };
  for (const [, type, list = ''] of text.matchAll(/^export\s+(type\s+)?\{([^{}]{0,4000})\}(?!\s*from)/gm))
    if (list.split(',').some((item) => new RegExp(`(?:^|\\s)${name}\\s*$`).test(item)))
      return {
        document,
        name,
        isType: type !== undefined || new RegExp(`^(?:interface|type)\\s+${name}\\b`, 'm').test(text),
        form: 'named',
      };
  return undefined;
}
