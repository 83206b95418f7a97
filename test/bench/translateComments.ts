/**
 * Translates comments and strings of 200 files of packages that the bundled model has not seen. Compares the code's
 * tokens before and after with tools that did not choose the translated texts: TypeScript's own syntax tree, and
 * Python's own tokenizer.
 *
 * The translations try to do harm: they add quotes, ends of comments, line breaks and other placeholders, or lose some.
 *
 *   npx tsx test/bench/translateComments.ts [--files 200] [--python python3] [--write]
 */
import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { keepsPlaceholders, placeholders } from '../../sidecar/chat/translate/placeholders.ts';
import { translateCode } from '../../sidecar/chat/translate/translateCode.ts';
import { heldOutFiles, sampleOf } from './bundled/gaps.ts';
import { writeReport } from './report.ts';
import { typescriptTokens } from './translateComments/typescriptTokens.ts';

const { files, python, write } = parseArgs({
  options: {
    files: { type: 'string', default: '200' },
    python: { type: 'string', default: 'python3' },
    write: { type: 'boolean', default: false },
  },
}).values;

const SEED = 8;
const LANGUAGES = [
  { domain: 'typescript', languageId: 'typescript' },
  { domain: 'javascript', languageId: 'javascript' },
  { domain: 'python', languageId: 'python' },
] as const;

/** The first translation keeps everything that must be kept. Each of the others breaks something. */
const TRANSLATIONS: readonly ((text: string) => string)[] = [
  (text) => [`Übersetzt l'heure "jetzt"`, ...placeholders(text)].join(' '),
  (text) => `Ende */ evil(); /* ${placeholders(text).join(' ')}`,
  (text) => `eins\nzwei ${placeholders(text).join(' ')}`,
  (text) => `"""; ''' \`\${evil()}\` ${placeholders(text).join(' ')}`,
  (text) => `ohne {neu} ${placeholders(text).slice(1).join(' ')}`,
  (text) => `endet mit \\ ${placeholders(text).join(' ')} \\`,
];

/**
 * Returns the tokens of Python's tokenizer, with strings replaced by their kind. Returns `undefined` if the source is
 * no valid Python.
 */
async function pythonTokens(code: string): Promise<string | undefined> {
  const script = `
import io, sys, tokenize
kept = []
try:
    for token in tokenize.generate_tokens(io.StringIO(sys.stdin.read()).readline):
        if token.type in (tokenize.COMMENT, tokenize.NL): continue
        name = tokenize.tok_name[token.type]
        kept.append(name if name in ('STRING', 'FSTRING_MIDDLE') else name + ' ' + token.string)
except (tokenize.TokenError, SyntaxError, IndentationError): sys.exit(3)
print('\\n'.join(kept))`;
  const result = await execa(python, ['-c', script], { input: code, reject: false });
  if (result.exitCode === 3) return undefined;
  if (result.exitCode !== 0) throw new Error(`${python} failed: ${result.stderr}`);
  return result.stdout;
}

interface Counts {
  files: number;
  different: number;
  texts: number;
  translated: number;
  lostPlaceholders: number;
}

const table: string[] = [];
const all: Record<string, Counts> = {};
for (const { domain, languageId } of LANGUAGES) {
  const counts: Counts = { files: 0, different: 0, texts: 0, translated: 0, lostPlaceholders: 0 };
  const tokensOf = languageId === 'python' ? pythonTokens : async (code: string) => typescriptTokens(code);
  for (const file of sampleOf(await heldOutFiles(domain), Math.ceil(Number(files) / LANGUAGES.length), SEED)) {
    const target = await readFile(file, 'utf8');
    const before = await tokensOf(target);
    if (before === undefined) continue;
    let index = 0;
    const given: (readonly [string, string])[] = [];
    const result = await translateCode({ before: '', target, after: '', languageId }, async (text) => {
      const translation = (TRANSLATIONS[index++ % TRANSLATIONS.length] as (text: string) => string)(text);
      given.push([text, translation]);
      return translation;
    });
    if (result === undefined) throw new Error(`There is no grammar of ${languageId}.`);
    counts.files++;
    counts.texts += given.length;
    const shown = given.filter(
      ([, translation]) =>
        result.includes(translation.trim().replaceAll('"', '\\"')) ||
        result.includes(translation.trim().replaceAll("'", "\\'")) ||
        result.includes(translation.trim()),
    );
    counts.translated += shown.length;
    counts.lostPlaceholders += shown.filter(([text, translation]) => !keepsPlaceholders(text, translation)).length;
    if ((await tokensOf(result)) !== before) {
      counts.different++;
      console.log(`${file}: the tokens differ`);
    }
  }
  all[domain] = counts;
  table.push(
    `| ${domain} | ${counts.files} | ${counts.texts} | ${counts.translated} | ${counts.different} | ${counts.lostPlaceholders} |`,
  );
}
const body = `| | files | texts | translated | files with other tokens | lost placeholders |\n|---|--:|--:|--:|--:|--:|\n${table.join('\n')}`;
console.log(body);

if (write) {
  await writeReport({
    name: 'translated-comments',
    title: 'The effect of translated comments and strings on code',
    body: `Files of held-out packages, each with all its comments and strings translated. No model translated them: the translations try to do harm. One in six
is valid. The others have ends of comments, quotes, line breaks, escapes, and new or missing placeholders. These have to be refused, or escaped.
Tokens were compared by TypeScript's syntax tree and Python's tokenizer, which had no part in choosing the translated texts.

${body}`,
    figures: all,
    model: 'none',
    command: 'npx tsx test/bench/translateComments.ts --write',
  });
}
if (Object.values(all).some(({ different, lostPlaceholders }) => different + lostPlaceholders > 0))
  process.exitCode = 1;
