/**
 * tree-sitter queries for the imports of a text, by grammar. The name of a capture tells `imports.ts` how its node
 * names files.
 */
const ecmaScript = `
  (import_statement source: (string (string_fragment) @specifier))
  (export_statement source: (string (string_fragment) @specifier))
  (call_expression function: (import) arguments: (arguments . (string (string_fragment) @specifier)))
  (call_expression
    function: (identifier) @function (#eq? @function "require")
    arguments: (arguments . (string (string_fragment) @specifier)))
`;
const typeScript = `${ecmaScript}
  (import_require_clause source: (string (string_fragment) @specifier))
`;

export const IMPORT_QUERIES: Readonly<Record<string, string>> = {
  javascript: ecmaScript,
  typescript: typeScript,
  tsx: typeScript,
  python: '[(import_statement) (import_from_statement)] @python',
  cpp: '(preproc_include path: (string_literal (string_content) @include))',
  go: '(import_spec path: (_ [(interpreted_string_literal_content) (raw_string_literal_content)] @package))',
  rust: `
    (use_declaration argument: (_) @rust)
    (mod_item name: (identifier) @rust !body)
  `,
  java: '(import_declaration [(identifier) (scoped_identifier)] @dotted)',
  'c-sharp': '(using_directive [(identifier) (qualified_name)] @dotted .)',
  ruby: `
    (call
      !receiver
      method: (identifier) @method (#eq? @method "require")
      arguments: (argument_list . (string . (string_content) @anywhere .)))
    (call
      !receiver
      method: (identifier) @method (#eq? @method "require_relative")
      arguments: (argument_list . (string . (string_content) @relative .)))
  `,
  php: `
    (namespace_use_clause [(name) (qualified_name)] @php)
    (use_declaration [(name) (qualified_name)] @php)
    [(include_expression) (include_once_expression) (require_expression) (require_once_expression)] @phpFile
  `,
};
