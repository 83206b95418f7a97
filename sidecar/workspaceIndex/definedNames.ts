/** Names behind the keywords by which most languages define something. */
const KEYWORD =
  /\b(?:function|def|class|interface|type|struct|enum|trait|fn|func|fun|module|mod|record|object|namespace|const|let|var|val|sub|proc|macro_rules!)\*?\s+(?:\([^()\n]*\)\s*)?(?:self\.)?([\p{L}_$][\p{L}\p{N}_$]*)/gu;
/**
 * `Type name(parameters) {`, as C and its kin define functions. A name begins where no other character of a name stands
 * before it, and no two neighbouring parts can take the same character: whatever a text holds, the time is in
 * proportion to its length.
 */
const BEFORE_BODY =
  /(?<![\p{L}\p{N}_$])([\p{L}_$][\p{L}\p{N}_$]{0,127})\s*\([^(){};]{0,400}\)\s*(?:(?:const|noexcept|override)\s*)*(?:throws\s[\w.,\s]+)?(?::[\w<>[\]|.,\s]+)?\{/gu;
const NOT_NAMES = new Set([
  'if',
  'for',
  'while',
  'switch',
  'catch',
  'function',
  'return',
  'else',
  'with',
  'using',
  'lock',
  'synchronized',
  'match',
]);

/**
 * Names that a text seems to define, without parsing it: enough to tell which files are worth a parser's time. A
 * workspace of a hundred thousand files is read in a minute this way, and would take ten through parsers.
 */
export function definedNames(text: string): Set<string> {
  const names = new Set<string>();
  for (const [, name] of text.matchAll(KEYWORD)) if (name !== undefined) names.add(name);
  for (const [, name] of text.matchAll(BEFORE_BODY)) if (name !== undefined && !NOT_NAMES.has(name)) names.add(name);
  return names;
}
