/**
 * The nodes of a tree-sitter grammar that define something. `through`: only its children are visited. `containers`: the
 * head is shown, and the body's definitions. `heads`: the text before the body is shown. `wholes`: all of the node is
 * shown.
 */
export interface DefinitionShapes {
  /** The grammar's file name without "tree-sitter-" and the ending. */
  readonly grammar: string;
  readonly through: readonly string[];
  readonly containers: readonly string[];
  readonly heads: readonly string[];
  readonly wholes: readonly string[];
}

const ecmaScript = {
  through: [
    'program',
    'export_statement',
    'class_body',
    'statement_block',
    'ambient_declaration',
    'expression_statement',
  ],
  containers: ['class_declaration', 'abstract_class_declaration', 'class', 'internal_module', 'module'],
  heads: [
    'function_declaration',
    'generator_function_declaration',
    'function_signature',
    'method_definition',
    'method_signature',
    'abstract_method_signature',
    'public_field_definition',
    'field_definition',
    'lexical_declaration',
    'variable_declaration',
  ],
  wholes: ['interface_declaration', 'type_alias_declaration', 'enum_declaration'],
};

const shapes: Readonly<Record<string, DefinitionShapes>> = {
  typescript: { grammar: 'typescript', ...ecmaScript },
  typescriptreact: { grammar: 'tsx', ...ecmaScript },
  javascript: { grammar: 'javascript', ...ecmaScript },
  python: {
    grammar: 'python',
    through: ['module', 'decorated_definition', 'block', 'if_statement', 'try_statement'],
    containers: ['class_definition'],
    heads: ['function_definition'],
    wholes: ['expression_statement', 'type_alias_statement'],
  },
  go: {
    grammar: 'go',
    through: ['source_file'],
    containers: [],
    heads: ['function_declaration', 'method_declaration'],
    wholes: ['type_declaration', 'const_declaration', 'var_declaration'],
  },
  rust: {
    grammar: 'rust',
    through: ['source_file', 'declaration_list'],
    containers: ['impl_item', 'trait_item', 'mod_item'],
    heads: ['function_item', 'function_signature_item', 'macro_definition'],
    wholes: ['struct_item', 'enum_item', 'type_item', 'const_item', 'static_item', 'union_item'],
  },
  java: {
    grammar: 'java',
    through: ['program', 'class_body', 'interface_body', 'enum_body_declarations', 'record_body'],
    containers: ['class_declaration', 'interface_declaration', 'record_declaration'],
    heads: ['method_declaration', 'constructor_declaration', 'compact_constructor_declaration'],
    wholes: ['field_declaration', 'constant_declaration', 'enum_declaration', 'annotation_type_declaration'],
  },
  csharp: {
    grammar: 'c-sharp',
    through: ['compilation_unit', 'declaration_list', 'file_scoped_namespace_declaration'],
    containers: [
      'namespace_declaration',
      'class_declaration',
      'struct_declaration',
      'interface_declaration',
      'record_declaration',
    ],
    heads: ['method_declaration', 'constructor_declaration', 'delegate_declaration'],
    wholes: ['property_declaration', 'field_declaration', 'enum_declaration', 'event_field_declaration'],
  },
  cpp: {
    grammar: 'cpp',
    through: [
      'translation_unit',
      'template_declaration',
      'preproc_ifdef',
      'preproc_if',
      'preproc_else',
      'linkage_specification',
      'declaration_list',
      'field_declaration_list',
    ],
    containers: ['namespace_definition', 'class_specifier', 'struct_specifier'],
    heads: ['function_definition'],
    wholes: [
      'declaration',
      'field_declaration',
      'type_definition',
      'enum_specifier',
      'alias_declaration',
      'preproc_def',
      'preproc_function_def',
      'using_declaration',
    ],
  },
  ruby: {
    grammar: 'ruby',
    through: ['program', 'body_statement'],
    containers: ['class', 'module'],
    heads: ['method', 'singleton_method'],
    wholes: ['assignment'],
  },
  php: {
    grammar: 'php',
    through: ['program', 'declaration_list', 'compound_statement'],
    containers: [
      'namespace_definition',
      'class_declaration',
      'interface_declaration',
      'trait_declaration',
      'enum_declaration',
    ],
    heads: ['function_definition', 'method_declaration'],
    wholes: ['const_declaration', 'property_declaration'],
  },
  shellscript: {
    grammar: 'bash',
    through: ['program'],
    containers: [],
    heads: ['function_definition'],
    wholes: ['variable_assignment'],
  },
};

/** Languages that the grammar of another language parses well enough. */
const SAME_AS: Readonly<Record<string, string>> = { javascriptreact: 'javascript', c: 'cpp' };

/** Returns the shapes of a VS Code language id; `undefined` if there is no grammar. */
export function definitionShapes(languageId: string): DefinitionShapes | undefined {
  return shapes[SAME_AS[languageId] ?? languageId];
}

/** The grammars in use, by file name. */
export const GRAMMARS: readonly string[] = [...new Set(Object.values(shapes).map(({ grammar }) => grammar))];
