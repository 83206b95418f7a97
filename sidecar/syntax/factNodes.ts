/*
 * The nodes of tree-sitter's grammars that facts about code are read from. Grammars share most of these names, so one
 * list serves all.
 */

/** Functions that have a name and a body. */
export const NAMED_FUNCTIONS: readonly string[] = [
  'function_declaration',
  'generator_function_declaration',
  'function_definition',
  'function_item',
  'method_definition',
  'method_declaration',
  'constructor_declaration',
  'local_function_statement',
  'method',
  'singleton_method',
];

/** Functions that are values. `return` inside belongs to them. */
export const FUNCTION_VALUES: readonly string[] = [
  'function_expression',
  'generator_function',
  'arrow_function',
  'lambda',
  'lambda_expression',
  'anonymous_method_expression',
  'closure_expression',
  'func_literal',
  'anonymous_function',
  'anonymous_function_creation_expression',
];

/** What a module or class defines besides functions. */
export const NAMED_CONTAINERS: readonly string[] = [
  'class_declaration',
  'abstract_class_declaration',
  'class_definition',
  'class_specifier',
  'struct_specifier',
  'class',
  'module',
  'interface_declaration',
  'record_declaration',
  'trait_declaration',
  'enum_declaration',
  'type_alias_declaration',
  'struct_item',
  'enum_item',
  'trait_item',
  'type_spec',
];

export const RETURNS: readonly string[] = ['return_statement', 'return_expression'];
export const YIELDS: readonly string[] = ['yield', 'yield_expression', 'yield_statement'];
export const THROWS: readonly string[] = ['throw_statement', 'throw_expression', 'raise_statement'];

/** Calls, and the fields that may have the called function, from the first on. */
export const CALLS: Readonly<Record<string, readonly string[]>> = {
  call_expression: ['function'],
  call: ['function', 'method'],
  method_invocation: ['name'],
  invocation_expression: ['function'],
  function_call_expression: ['function'],
  member_call_expression: ['name'],
  scoped_call_expression: ['name'],
  new_expression: ['constructor', 'type'],
  object_creation_expression: ['type'],
  command: ['name'],
};

/** The fields that have the name in a parameter, from the first on. */
export const PARAMETER_NAMES: readonly string[] = ['name', 'pattern', 'left', 'declarator'];
/** Named children of a list of parameters that are no parameters. */
export const NO_PARAMETERS: ReadonlySet<string> = new Set(['comment', 'keyword_separator', 'positional_separator']);
/** First parameters that stand for the object of a method. */
export const RECEIVERS: ReadonlySet<string> = new Set(['self', 'cls', 'this']);
/** Types of results that stand for none. */
export const NO_RESULTS: ReadonlySet<string> = new Set(['void', 'None', '()']);
/** Types of functions that never return. */
export const NEVER: ReadonlySet<string> = new Set(['never', 'NoReturn', 'Never', '!']);
/** The names of constructors, which return nothing that a reader would ask for. */
export const CONSTRUCTORS: ReadonlySet<string> = new Set(['constructor', '__construct', '__init__']);

/** Grammars of languages where the last value of a body is the result. What a body returns is not told. */
export const RESULTS_WITHOUT_RETURN: ReadonlySet<string> = new Set(['ruby', 'bash', 'rust']);

/** Nodes around a function that add nothing but its name, its export or its decorators. */
export const WRAPPERS: ReadonlySet<string> = new Set([
  'program',
  'module',
  'source_file',
  'translation_unit',
  'compilation_unit',
  'export_statement',
  'ambient_declaration',
  'decorated_definition',
  'template_declaration',
  'global_statement',
  'lexical_declaration',
  'variable_declaration',
  'variable_declarator',
]);
/** Blocks of statements. The body of another function value is its result. */
export const BLOCKS: ReadonlySet<string> = new Set([
  'statement_block',
  'block',
  'compound_statement',
  'body_statement',
]);
/** Last statements of a body behind which the function ends without a result. */
export const FALL_THROUGH: ReadonlySet<string> = new Set([
  'expression_statement',
  'lexical_declaration',
  'variable_declaration',
  'for_in_statement',
]);
