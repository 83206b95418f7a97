import type { Command } from 'commander';
import { TroubleError } from '../../common/troubleError.ts';
import { tokenizerOf } from '../../workshop/retrieval/context.ts';
import { MOST_CONSTANTS } from '../../workshop/retrieval/facts.ts';
import { generateCode } from '../../workshop/retrieval/generatedTexts.ts';
import { wilsonInterval } from '../../workshop/retrieval/proportions.ts';
import { askRecall, makeRecallTask, type RecallAnswer } from '../../workshop/retrieval/recall.ts';
import { integer, withModelOptions, type ModelOptions } from '../options.ts';
import { formatShare, printJson } from '../output.ts';
import { retrievalTexts } from '../retrievalTexts.ts';
import { writeForeignText } from '../terminal.ts';
import { withEngine } from '../withEngine.ts';

interface RecallCommandOptions extends ModelOptions {
  readonly length: number;
  readonly contexts: number;
  readonly constants: number;
  readonly text?: string;
  readonly seed: number;
}

/** Room for a question and its answer. */
const ANSWER_TOKENS = 128;

/** `chorus recall`: how many constants in code a model remembers when it is asked for them later. */
export function addRecall(program: Command): void {
  withModelOptions(program.command('recall').description('hide constants in code and ask for them later'))
    .option('--length <tokens>', 'tokens of a context', (value) => integer(value, 128, 2 ** 20), 2_048)
    .option('--contexts <number>', 'contexts, each evaluated once', (value) => integer(value, 1, 10_000), 5)
    .option(
      '--constants <number>',
      'constants in a context, each asked for',
      (value) => integer(value, 1, MOST_CONSTANTS),
      10,
    )
    .option('--text <folder>', 'code to hide the constants in (default: generated)')
    .option('--seed <number>', 'random seed of texts and constants', (value) => integer(value, 0, 2 ** 31 - 1), 1)
    .action(recall);
}

async function recall(options: RecallCommandOptions): Promise<void> {
  const { length, contexts, constants, seed } = options;
  const source = await retrievalTexts(options.text, generateCode);
  const contextSize = options.contextSize ?? length + ANSWER_TOKENS;
  const result = await withEngine({ ...options, contextSize }, async (engine, model, signal, bar) => {
    if (model.contextSizeTokens < length + ANSWER_TOKENS)
      throw new TroubleError(
        'context-overflow',
        `Contexts of ${length} tokens and an answer do not fit into the model's context of ${model.contextSizeTokens}; choose a smaller --length.`,
      );
    const tokenizer = tokenizerOf(engine, model);
    const answers: (RecallAnswer & { readonly context: number })[] = [];
    let [contextTokens, contextReads, answered] = [0, 0, 0];
    for (let context = 0; context < contexts; context++) {
      const task = await makeRecallTask({ source, length, constants, seed: seed + context }, tokenizer);
      const asked = await askRecall(engine, task, {
        signal,
        onAnswer: () => bar.update('Asking', ++answered / (contexts * constants)),
      });
      answers.push(...asked.answers.map((answer) => ({ context, ...answer })));
      contextTokens += task.context.length;
      contextReads += asked.contextReads;
    }
    const right = answers.filter(({ isRight }) => isRight).length;
    return {
      engine: model.engine,
      device: model.device,
      cache: options.cache ?? 'full',
      seed,
      contexts,
      contextTokens: contextTokens / contexts,
      contextReads,
      questions: answers.length,
      right,
      share: right / answers.length,
      interval: wilsonInterval(right, answers.length),
      answers,
    };
  });
  if (options.json) return printJson(result);
  const [low, high] = result.interval;
  writeForeignText(
    process.stdout,
    `${result.right} of ${result.questions} right, ${formatShare(result.share)} (95 %: ${formatShare(low)} to ${formatShare(high)})\n`,
  );
  writeForeignText(
    process.stdout,
    `${result.contexts} contexts of ${Math.round(result.contextTokens)} tokens on average, cache ${result.cache} (${result.engine}, ${result.device})\n`,
  );
  if (result.contextReads > 2 * result.contexts)
    writeForeignText(
      process.stdout,
      `The model cannot return to the end of a context: each context was evaluated ${(result.contextReads / contexts).toFixed(1)} times.\n`,
    );
}
