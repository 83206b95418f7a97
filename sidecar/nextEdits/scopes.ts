/** The nodes of tree-sitter grammars that declare names, and the nodes in which names are visible. */

/** Where a declared name is visible. */
type Visibility =
  /** In the nearest scope around the declaration. A class's body makes it a member. */
  | 'scope'
  /** In the nearest function or file. A class's body makes it a member. */
  | 'function'
  /** In the function whose parameter it is. */
  | 'parameter'
  /** Of the class around it. */
  | 'member';

/** A node `parent` declares the child in `field`. Without a field any child counts. */
interface DeclarationRule {
  readonly parent: string;
  readonly field?: string;
  readonly visibility: Visibility;
}

export interface ScopeRules {
  readonly functions: ReadonlySet<string>;
  /** Nodes that hold parameters without a body. */
  readonly heads: ReadonlySet<string>;
  readonly classes: ReadonlySet<string>;
  readonly blocks: ReadonlySet<string>;
  readonly declarations: readonly DeclarationRule[];
  /** Nodes between a declaring node and its names, with the field that leads to the name. */
  readonly wrappers: ReadonlyMap<string, string | undefined>;
  /** Repeated assignments to a name declare it once. */
  readonly assignmentsDeclare: boolean;
  /** Code of a class names its members without a qualifier. */
  readonly hasBareMembers: boolean;
}

/** Parses "parent.field other.field third" into rules. */
function rules(visibility: Visibility, list: string): DeclarationRule[] {
  return words(list).map((each) => {
    const [parent = '', field] = each.split('.');
    return { parent, field, visibility };
  });
}

function words(list: string): string[] {
  return list.trim().split(/\s+/);
}

function scopeRules(lists: {
  readonly functions: string;
  readonly heads?: string;
  readonly classes: string;
  readonly blocks: string;
  readonly scope?: string;
  readonly function?: string;
  readonly parameter?: string;
  readonly member?: string;
  readonly wrappers?: string;
  readonly assignmentsDeclare?: boolean;
  readonly hasBareMembers?: boolean;
}): ScopeRules {
  const wrappers = words(lists.wrappers ?? '').map((each): [string, string | undefined] => {
    const [wrapper = '', field] = each.split('.');
    return [wrapper, field];
  });
  return {
    functions: new Set(words(lists.functions)),
    heads: new Set(words(lists.heads ?? '')),
    classes: new Set(words(lists.classes)),
    blocks: new Set(words(lists.blocks)),
    declarations: [
      ...rules('scope', lists.scope ?? ''),
      ...rules('function', lists.function ?? ''),
      ...rules('parameter', lists.parameter ?? ''),
      ...rules('member', lists.member ?? ''),
    ].filter(({ parent }) => parent !== ''),
    wrappers: new Map(wrappers.filter(([wrapper]) => wrapper !== '')),
    assignmentsDeclare: lists.assignmentsDeclare ?? false,
    hasBareMembers: lists.hasBareMembers ?? false,
  };
}

const ecmaScript = scopeRules({
  functions:
    'function_declaration function_expression generator_function_declaration generator_function arrow_function method_definition function_signature method_signature abstract_method_signature function_type construct_signature call_signature',
  classes: 'class_declaration class abstract_class_declaration interface_declaration enum_declaration object_type',
  blocks: 'program statement_block for_statement for_in_statement catch_clause switch_body internal_module module',
  scope:
    'variable_declarator.name function_declaration.name generator_function_declaration.name function_signature.name class_declaration.name abstract_class_declaration.name interface_declaration.name type_alias_declaration.name enum_declaration.name internal_module.name for_in_statement.left catch_clause.parameter import_specifier.alias import_specifier.name import_clause namespace_import',
  parameter:
    'required_parameter.pattern optional_parameter.pattern formal_parameters arrow_function.parameter type_parameter.name',
  member:
    'public_field_definition.name field_definition.property method_definition.name method_signature.name abstract_method_signature.name property_signature.name enum_body.name enum_assignment.name',
  wrappers:
    'object_pattern array_pattern rest_pattern pair_pattern.value assignment_pattern.left object_assignment_pattern.left',
});

const python = scopeRules({
  functions:
    'function_definition lambda list_comprehension set_comprehension dictionary_comprehension generator_expression',
  classes: 'class_definition',
  blocks: 'module',
  function:
    'assignment.left function_definition.name class_definition.name for_statement.left named_expression.name as_pattern_target import_from_statement.name import_statement.name aliased_import.alias for_in_clause.left',
  parameter: 'parameters typed_parameter default_parameter.name typed_default_parameter.name lambda_parameters',
  wrappers: 'pattern_list tuple_pattern list_pattern list_splat_pattern dictionary_splat_pattern dotted_name',
  assignmentsDeclare: true,
});

const go = scopeRules({
  functions: 'function_declaration method_declaration func_literal method_elem function_type',
  classes: 'struct_type interface_type',
  blocks:
    'source_file block if_statement for_statement expression_switch_statement type_switch_statement expression_case default_case communication_case',
  scope:
    'var_spec.name const_spec.name type_spec.name type_alias.name function_declaration.name short_var_declaration.left range_clause.left import_spec.name',
  parameter: 'parameter_declaration.name variadic_parameter_declaration.name type_parameter_declaration.name',
  member: 'field_declaration.name method_elem.name method_declaration.name',
  wrappers: 'expression_list',
});

const rust = scopeRules({
  functions: 'function_item closure_expression function_signature_item',
  classes: 'struct_item enum_item impl_item trait_item union_item',
  blocks: 'source_file block for_expression if_expression while_expression match_arm mod_item',
  scope:
    'let_declaration.pattern function_item.name function_signature_item.name struct_item.name enum_item.name union_item.name trait_item.name type_item.name const_item.name static_item.name mod_item.name macro_definition.name for_expression.pattern let_condition.pattern match_pattern use_as_clause.alias use_list scoped_identifier.name',
  parameter: 'parameter.pattern closure_parameters type_parameter.name type_parameters',
  member: 'field_declaration.name enum_variant.name',
  wrappers: 'tuple_pattern ref_pattern mut_pattern reference_pattern slice_pattern captured_pattern',
});

const java = scopeRules({
  functions: 'method_declaration constructor_declaration lambda_expression compact_constructor_declaration',
  classes: 'class_declaration interface_declaration enum_declaration record_declaration annotation_type_declaration',
  blocks:
    'program block constructor_body for_statement enhanced_for_statement catch_clause try_with_resources_statement switch_block',
  scope:
    'variable_declarator.name class_declaration.name interface_declaration.name enum_declaration.name record_declaration.name enhanced_for_statement.name catch_formal_parameter.name resource.name',
  parameter: 'formal_parameter.name inferred_parameters lambda_expression.parameters type_parameter',
  member: 'method_declaration.name enum_constant.name',
  hasBareMembers: true,
});

const cSharp = scopeRules({
  functions:
    'method_declaration constructor_declaration local_function_statement lambda_expression anonymous_method_expression delegate_declaration operator_declaration',
  classes: 'class_declaration struct_declaration interface_declaration record_declaration enum_declaration',
  blocks:
    'compilation_unit namespace_declaration block for_statement foreach_statement catch_clause using_statement switch_section',
  scope:
    'variable_declarator.name class_declaration.name struct_declaration.name interface_declaration.name record_declaration.name enum_declaration.name local_function_statement.name foreach_statement.left catch_declaration.name',
  parameter: 'parameter.name implicit_parameter type_parameter.name',
  member: 'method_declaration.name property_declaration.name enum_member_declaration.name event_declaration.name',
  hasBareMembers: true,
});

const cpp = scopeRules({
  functions: 'function_definition lambda_expression',
  heads: 'declaration field_declaration template_declaration',
  classes: 'class_specifier struct_specifier union_specifier enum_specifier',
  blocks:
    'translation_unit compound_statement for_statement for_range_loop namespace_definition catch_clause if_statement while_statement',
  scope:
    'declaration.declarator function_definition.declarator class_specifier.name struct_specifier.name union_specifier.name enum_specifier.name alias_declaration.name type_definition.declarator for_range_loop.declarator namespace_definition.name preproc_def.name preproc_function_def.name',
  parameter:
    'parameter_declaration.declarator optional_parameter_declaration.declarator type_parameter_declaration variadic_type_parameter_declaration',
  member: 'field_declaration.declarator enumerator.name',
  wrappers:
    'init_declarator.declarator function_declarator.declarator pointer_declarator.declarator reference_declarator array_declarator.declarator parenthesized_declarator variadic_declarator qualified_identifier.name',
  hasBareMembers: true,
});

const ruby = scopeRules({
  functions: 'method singleton_method block do_block lambda',
  classes: 'class module singleton_class',
  blocks: 'program',
  function: 'assignment.left class.name module.name',
  parameter:
    'method_parameters block_parameters optional_parameter.name splat_parameter.name keyword_parameter.name block_parameter.name',
  member: 'method.name singleton_method.name',
  wrappers: 'left_assignment_list',
  assignmentsDeclare: true,
});

const php = scopeRules({
  functions: 'function_definition method_declaration anonymous_function arrow_function',
  classes: 'class_declaration interface_declaration trait_declaration enum_declaration',
  blocks: 'program',
  function:
    'assignment_expression.left function_definition.name class_declaration.name interface_declaration.name trait_declaration.name enum_declaration.name const_element',
  parameter: 'simple_parameter.name variadic_parameter.name property_promotion_parameter.name',
  member: 'method_declaration.name property_element.name enum_case.name',
  wrappers: 'variable_name',
  assignmentsDeclare: true,
});

const bash = scopeRules({
  functions: '',
  classes: '',
  blocks: 'program',
  function: 'variable_assignment.name function_definition.name for_statement.variable',
  assignmentsDeclare: true,
});

/** Scope rules by the grammar's name. */
export const SCOPE_RULES: Readonly<Record<string, ScopeRules>> = {
  typescript: ecmaScript,
  tsx: ecmaScript,
  javascript: ecmaScript,
  python,
  go,
  rust,
  java,
  'c-sharp': cSharp,
  cpp,
  ruby,
  php,
  bash,
};
