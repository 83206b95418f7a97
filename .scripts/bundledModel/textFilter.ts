/** Selects the files of a package that people wrote well, and removes the parts that every file repeats. */
import path from 'node:path';
import { htmlToText } from './htmlText.ts';
import { DOMAINS, type Domain } from './packages.ts';
import { holdsSecret } from './secrets.ts';

export type Rejection =
  | 'not text'
  | 'size'
  | 'minified'
  | 'generated'
  | 'compiled'
  | 'data'
  | 'other licence'
  | 'secret'
  | 'evaluation'
  | 'foreign prose';

const MAX_CODE_BYTES = 96_000;
const MAX_PROSE_BYTES = 160_000;
const MIN_CHARACTERS = 300;
const MAX_MEAN_LINE_CHARACTERS = 90;
const MAX_LINE_CHARACTERS = 600;
const LONG_LINE_CHARACTERS = 160;
const MAX_LONG_LINE_SHARE = 0.04;
/** Limits for code, which reject tables of numbers and character maps. */
const MIN_LETTER_SHARE = 0.45;
const MAX_DIGIT_SHARE = 0.12;
/** The limit for text in the sources' language. Comments may contain a little more. */
const MAX_NON_LATIN_SHARE = 0.04;
const HEAD_CHARACTERS = 1_500;

/**
 * The domains by file ending. The first domain that the package has is used, so a header is C or C++ like its package.
 */
const ENDINGS: readonly (readonly [RegExp, Domain | undefined])[] = [
  [/\.d\.[cm]?ts$/, undefined],
  [/\.[cm]?tsx?$/, 'typescript'],
  [/\.([cm]?js|jsx)$/, 'javascript'],
  [/\.pyi?$/, 'python'],
  [/\.go$/, 'go'],
  [/\.rs$/, 'rust'],
  [/\.java$/, 'java'],
  [/\.(cc|cpp|cxx|hh|hpp|hxx|inl|ipp)$/, 'cpp'],
  [/\.[ch]$/, 'c'],
  [/\.h$/, 'cpp'],
  [/\.cs$/, 'csharp'],
  [/\.php$/, 'php'],
  [/\.rb$|\.rake$|(^|\/)Rakefile$/, 'ruby'],
  [/\.kts?$/, 'kotlin'],
  [/\.(sh|bash|zsh|bats|zsh-theme)$/, 'shell'],
  // Commands have no ending. The file's first line tells whether it is a shell script.
  [/(^|\/)[^./]+$/, 'shell'],
  [/\.sql$/, 'sql'],
  [/\.(css|scss|less)$/, 'css'],
  [/\.(md|mdx|rst)$/i, 'prose'],
];
/** Copies of other packages, tables of translations, recorded data. */
const NOT_OWN =
  /(^|\/)(node_modules|bower_components|vendor|vendored|_vendor|_vendored|third[-_]?party|externals?|locales?|i18n|translations|__snapshots__|fixtures?|testdata|test-data|snapshots?|assets|migrations)\//i;
const MINIFIED_NAME = /[.-]min\.|\.bundle\.|\.umd\.|-bundle\.|\.prod\.|\.global\./i;
const NOT_PROSE =
  /(^|\/)(changelog|changes|history|licen[cs]e|notice|authors|contributors|third[-_ ]?party|code_of_conduct|release[-_ ]?notes|migration|security|news|thanks|backers|sponsors)[^/]*$/i;

const GENERATED =
  /@generated\b|\bauto-?(matically )?generated\b|\bdo not (edit|modify)\b|\bgenerated (by|from|file|code)\b|\bthis file (was|is) (auto|generated)/i;
/** Traces of compilers and bundlers, and type annotations of another dialect. */
const COMPILED =
  /__esModule|__webpack_|_interopRequire|__importDefault|__decorate\b|__awaiter\b|__generator\b|__extends\b|__spreadArray|__rest\b|_createClass\b|_classCallCheck|_objectSpread|_asyncToGenerator|__publicField|__privateGet|__defProp\b|_jsx\(|\/\*#__PURE__\*\/ ?_|@flow\b|React\.createElement\(_|_extends\(\{\}|void 0 !==|\/\/# sourceMappingURL|goog\.loadModule|@babel\/runtime|tslib/;
const OTHER_LICENCE =
  /\bGNU (Lesser |Affero )?General Public|\bL?GPL(v?[23]|-)|Mozilla Public License|Creative Commons|SPDX-License-Identifier: (?!(\(?)(MIT|ISC|BSD|Apache-2\.0|0BSD|BSL-1\.0|Zlib|PostgreSQL))|All rights reserved\. (?!.*(permission|redistribution|licen[cs]e))/i;
/** Functions of HumanEval. The model is measured with them, so it must not be trained on them. */
const EVALUATION =
  /\b(has_close_elements|separate_paren_groups|truncate_number|mean_absolute_deviation|parse_nested_parens|filter_by_substring|find_closest_elements|rescale_to_unit|make_palindrome|largest_prime_factor|is_simple_power|prime_fib)\b|\bhuman_?eval\b/i;

/** Returns the domain of a file by its path, or undefined if the file is not used. */
export function domainOf(file: string, domains: readonly Domain[] = DOMAINS): Domain | undefined {
  if (NOT_OWN.test(file) || MINIFIED_NAME.test(file)) return undefined;
  const domain = ENDINGS.find(
    ([ending, domain]) => ending.test(file) && (domain === undefined || domains.includes(domain)),
  )?.[1];
  return domain === 'prose' && NOT_PROSE.test(path.posix.basename(file)) ? undefined : domain;
}

/** Returns whether a file without an ending is a shell script. */
export function isShellScript(content: Uint8Array): boolean {
  return /^#!.*\b(?:ba|da|k|z)?sh\b/.test(
    Buffer.from(content.subarray(0, 80)).toString('latin1').split('\n', 1)[0] as string,
  );
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Returns the text of an HTML page, or the reason for its rejection. */
export function filterPage(content: Uint8Array): { readonly text: string } | { readonly rejected: Rejection } {
  const decoded = decode(content);
  if (decoded === undefined) return { rejected: 'not text' };
  if (holdsSecret(decoded)) return { rejected: 'secret' };
  const text = htmlToText(decoded);
  return text.length < MIN_CHARACTERS || Buffer.byteLength(text) > MAX_PROSE_BYTES ? { rejected: 'size' } : { text };
}

/** Returns the text of a file, or the reason for its rejection. */
export function filterText(
  content: Uint8Array,
  domain: Domain,
): { readonly text: string } | { readonly rejected: Rejection } {
  if (content.length > (domain === 'prose' || domain === 'udhr' ? MAX_PROSE_BYTES : MAX_CODE_BYTES))
    return { rejected: 'size' };
  const decoded = decode(content);
  if (decoded === undefined) return { rejected: 'not text' };
  if (holdsSecret(decoded)) return { rejected: 'secret' };
  if (OTHER_LICENCE.test(decoded.slice(0, HEAD_CHARACTERS * 2))) return { rejected: 'other licence' };
  const text = domain === 'prose' ? tidyProse(decoded) : tidyCode(decoded);
  if (text.length < MIN_CHARACTERS) return { rejected: 'size' };
  if (EVALUATION.test(text)) return { rejected: 'evaluation' };
  const rejected = domain === 'prose' ? rejectProse(text) : rejectCode(text, decoded, domain);
  return rejected ? { rejected } : { text };
}

function decode(content: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(content).replace(/\r\n?/g, '\n');
    // oxlint-disable-next-line no-control-regex -- just these are looked for.
    return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function rejectCode(text: string, whole: string, domain: Domain): Rejection | undefined {
  if (GENERATED.test(whole.slice(0, HEAD_CHARACTERS))) return 'generated';
  if (domain === 'javascript' && COMPILED.test(text)) return 'compiled';
  const lines = text.split('\n');
  const long = lines.filter((line) => line.length > LONG_LINE_CHARACTERS).length;
  if (
    lines.some((line) => line.length > MAX_LINE_CHARACTERS) ||
    long > lines.length * MAX_LONG_LINE_SHARE ||
    text.length / lines.length > MAX_MEAN_LINE_CHARACTERS
  )
    return 'minified';
  const visible = count(text, /\S/g);
  if (count(text, /\p{L}/gu) < visible * MIN_LETTER_SHARE || count(text, /\d/g) > visible * MAX_DIGIT_SHARE)
    return 'data';
  return isForeign(text) ? 'foreign prose' : undefined;
}

function rejectProse(text: string): Rejection | undefined {
  const visible = count(text, /\S/g);
  if (count(text, /\p{L}/gu) < visible * 0.65 || count(text, /[|<>{}\\]/g) > visible * 0.06) return 'data';
  if (text.split('\n').some((line) => line.length > 8_000)) return 'minified';
  return isForeign(text) ? 'foreign prose' : undefined;
}

function isForeign(text: string): boolean {
  return count(text, /[^\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]/gu) > text.length * MAX_NON_LATIN_SHARE;
}

/** The lines above the licence in PHP and Ruby, with the empty lines after them. */
const OPENING =
  /^(?:<\?php\s*(?:declare\(strict_types ?= ?1\);\s*)?|(?:# (?:frozen_string_literal|encoding|-\*-).*\n\s*)+)/;

/** Removes the licence comment, which every file of a package repeats, and spaces at the ends of lines. */
function tidyCode(text: string): string {
  let rest = text.replace(/^\ufeff/, '').replace(/^#!.*\n/, '');
  const opening = OPENING.exec(rest)?.[0] ?? '';
  rest = rest.slice(opening.length);
  for (;;) {
    const comment = /^\s*(\/\*[\s\S]*?\*\/|(?:\/\/.*\n)+|(?:#.*\n)+|(?:--.*\n)+)/.exec(rest);
    if (!comment || !/copyright|licen[cs]e|\(c\)|all rights/i.test(comment[1] as string)) break;
    rest = rest.slice(comment[0].length);
  }
  return `${opening}${rest
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{4,}/g, '\n\n\n')
    .trim()}\n`;
}

/** Removes badges, pictures, HTML, and the targets of links. */
function tidyProse(text: string): string {
  const plain = text
    .replace(/^\ufeff/, '')
    .replace(/^---\n[\s\S]*?\n---\n/, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/\[!\[[^\]]*\]\([^)]*\)\]\([^)]*\)|!\[[^\]]*\](\([^)]*\)|\[[^\]]*\])/g, '')
    .replace(/^\[[^\]]+\]: .*$/gm, '')
    .replace(/\[([^\]]+)\]\((?:https?:)?[^)\s]*\)/g, '$1')
    .replace(
      /<\/?(?:a|p|div|img|br|h\d|b|i|em|strong|sub|sup|center|picture|source|table|tr|td|th|tbody|thead|details|summary|kbd|span|ul|li)\b[^>]*>/gi,
      '',
    );
  return `${plain
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
