/**
 * Explanations of real code by the model that the extension brings, and what a reader says of them:
 *
 *   npx tsx test/bench/explanations.ts [--count 50] [--judged] [--write]
 *
 * The model is the one of `CHORUS_MODEL`, else the bundled one. Functions of packages that no model was trained on here are explained as the panel asks. Judgements are written by hand into docs/results/explanations.json, each beside
 * the answer that it judges: right, thin (nothing wrong, but it says next to nothing of this code), or misleading (says something untrue of it). A run keeps those whose
 * answer is the same; `--judged` asks nothing, and writes the report of what is there.
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ChatService } from '../../sidecar/chat/chatService.ts';
import type { ChatParams } from '../../sidecar/protocol/client.ts';
import { defaultModelPath } from '../../sidecar/store/defaultModel.ts';
import { openBenchSession } from './benchSession.ts';
import { heldOutFiles, sampleOf } from './bundled/gaps.ts';
import { repositoryRoot, writeReport } from './report.ts';

const [LEAST_LINES, MOST_LINES] = [6, 40];
const SEED = 11;
/** Of an answer; the panel lets models write longer ones, which small models fill with repetitions. */
const MOST_TOKENS = 320;
/** Of what may be a function's first line, and of its last. */
const languages = {
  typescript: { languageId: 'typescript', head: /^(export )?(async )?function \w+/, last: /^\}/ },
  javascript: { languageId: 'javascript', head: /^(export )?(async )?function \w+/, last: /^\}/ },
  python: { languageId: 'python', head: /^(async )?def \w+/, last: /^\S/ },
} as const;
type Language = keyof typeof languages;

const verdicts = ['right', 'thin', 'misleading'] as const;
interface Judgement {
  readonly verdict: (typeof verdicts)[number];
  readonly why: string;
}

interface Explained {
  /** Package, version and file; its first function of a middling length is what was explained. The code is not ours to show. */
  readonly id: string;
  readonly answer: string;
  readonly judgement?: Judgement;
}

/** What an earlier run left. */
interface Kept {
  readonly model: string;
  readonly explained: readonly Explained[];
}

const { values } = parseArgs({ options: { count: { type: 'string', default: '50' }, judged: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } } });
const kept = await readKept();
const { model, explained } = values.judged ? { model: kept.model, explained: kept.explained } : await explainAll();
await report();

async function explainAll(): Promise<Pick<Kept, 'model' | 'explained'>> {
  const session = await openBenchSession({ modelPath: await defaultModelPath() });
  const results: Explained[] = [];
  try {
    const chat = new ChatService({ session });
    for (const { id, language, code } of await sampledFunctions(Number(values.count))) {
      const params = {
        conversationId: randomUUID(),
        messages: [{ role: 'user', content: '' }],
        command: 'explain',
        context: [{ kind: 'selection', uri: `file:///${id}`, languageId: languages[language].languageId, lines: [0, code.split('\n').length - 1], text: code }],
        language: 'en',
      } satisfies ChatParams;
      const { text } = await chat.chat(params, { temperature: 0, maxTokens: MOST_TOKENS }, () => undefined);
      results.push({ id, answer: text, judgement: kept.explained.find((one) => one.id === id && one.answer === text)?.judgement });
      process.stdout.write(`${results.length}: ${id}\n`);
    }
    return { model: session.loaded.name, explained: results };
  } finally {
    await session.dispose();
  }
}

async function readKept(): Promise<Kept> {
  const text = await readFile(path.join(repositoryRoot, 'docs', 'results', 'explanations.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return { model: '', explained: [] };
  const { model: name, figures } = JSON.parse(text) as { readonly model: string; readonly figures: { readonly explained: readonly Explained[] } };
  return { model: name, explained: figures.explained };
}

async function sampledFunctions(count: number): Promise<readonly { readonly id: string; readonly language: Language; readonly code: string }[]> {
  const names = Object.keys(languages) as Language[];
  const found = await Promise.all(
    names.map(async (language) => {
      const functionsOf = [];
      for (const file of sampleOf(await heldOutFiles(language), 20 * count, SEED)) {
        const code = firstFunction(await readFile(file, 'utf8'), language);
        if (code !== undefined) functionsOf.push({ id: file.slice(file.indexOf('held-out')), language, code });
        if (functionsOf.length === Math.ceil(count / names.length)) break;
      }
      return functionsOf;
    }),
  );
  return Array.from({ length: Math.ceil(count / names.length) }, (_, index) => found.flatMap((functionsOf) => functionsOf[index] ?? [])).flat().slice(0, count);
}

/** The first function at the margin that is neither very short nor long. */
function firstFunction(text: string, language: Language): string | undefined {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const { head, last } = languages[language];
  for (const [start, line] of lines.entries()) {
    if (!head.test(line)) continue;
    const after = lines.slice(start + 1).findIndex((other) => last.test(other));
    const end = after < 0 ? lines.length : start + 1 + after + (language === 'python' ? 0 : 1);
    const code = lines.slice(start, end).join('\n').trimEnd();
    const length = code.split('\n').length;
    if (length >= LEAST_LINES && length <= MOST_LINES) return code;
  }
  return undefined;
}

async function report(): Promise<void> {
  const counts = verdicts.map((verdict) => explained.filter(({ judgement }) => judgement?.verdict === verdict).length);
  const quoted = (text: string): string => text.replace(/^/gm, '> ');
  const entries = explained.map(({ id, answer, judgement }, index) => `### ${index + 1}. ${id.replace('held-out/', '')}: ${judgement ? `${judgement.verdict} — ${judgement.why}` : 'not judged'}\n\n${quoted(answer)}`);
  const body = `
${explained.length} functions of packages that are held out, explained by ${model} as the chat panel asks ("Explain"), without sampling, and judged by hand: *right*;
*thin*, nothing wrong but next to nothing said of this code; *misleading*, something untrue said of it.

| verdict | of ${explained.length} |
|---|---:|
${verdicts.map((verdict, index) => `| ${verdict} | ${counts[index]} |`).join('\n')}

${entries.join('\n\n')}
`;
  process.stdout.write(`${verdicts.map((verdict, index) => `${verdict}: ${counts[index]}`).join(', ')}\n`);
  if (values.write) await writeReport({ name: 'explanations', title: 'Explanations by the bundled model', model, body, figures: { explained }, command: `npx tsx test/bench/explanations.ts --count ${values.count} --write` });
}
