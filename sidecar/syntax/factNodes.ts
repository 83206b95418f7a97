/*
 * The nodes of tree-sitter's grammars that facts about code are read from. A name means the same in each grammar that
 * has it, so one list serves all.
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

/** Calls, and the field that has the called function. Absent: the node begins with it. */
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
/** Parameters that stand for the object of a method. */
export const RECEIVERS: ReadonlySet<string> = new Set(['self', 'cls', '&self', '&mut self', 'mut self', 'this']);
/** Types of results that stand for none. */
export const NO_RESULTS: ReadonlySet<string> = new Set(['void', 'None', '()', 'unit', 'never', 'NoReturn']);

/** Grammars of languages where the last value of a body is the result. What a body returns is not told. */
export const RESULTS_WITHOUT_RETURN: ReadonlySet<string> = new Set(['ruby', 'bash', 'rust']);
