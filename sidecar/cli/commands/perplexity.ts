import type { Command } from 'commander';
import { readText } from '../inputFiles.ts';
import { integer, withModelOptions, type ModelOptions } from '../options.ts';
import { printJson } from '../output.ts';
import { writeForeignText } from '../terminal.ts';
import { withEngine } from '../withEngine.ts';

interface PerplexityOptions extends ModelOptions {
  readonly file: string;
  readonly ctx: number;
}

/** `chorus perplexity`: how well the model predicts a text, measured like llama.cpp. */
export function addPerplexity(program: Command): void {
  withModelOptions(
    program.command('perplexity').description('perplexity of a text; the second half of each chunk counts'),
  )
    .requiredOption('--file <file>', 'UTF-8 text')
    .option('--ctx <tokens>', 'tokens of a chunk', (value) => integer(value, 8, 2 ** 20), 512)
    .action(perplexity);
}

async function perplexity(options: PerplexityOptions): Promise<void> {
  const text = await readText(options.file);
  const result = await withEngine(options, async (engine, model, signal) => ({
    ...(await engine.perplexity({ text, contextTokens: options.ctx }, { signal })),
    engine: model.engine,
    device: model.device,
  }));
  if (options.json) printJson(result);
  else
    writeForeignText(
      process.stdout,
      `${result.perplexity.toFixed(4)} over ${result.chunks} chunks (${result.engine}, ${result.device})\n`,
    );
}
