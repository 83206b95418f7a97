import type { Command } from 'commander';
import path from 'node:path';
import { readTokens } from '../inputFiles.ts';
import { withModelOptions, type ModelOptions } from '../options.ts';
import { printJson } from '../output.ts';
import { writeForeignText } from '../terminal.ts';
import { withEngine } from '../withEngine.ts';

interface LogitsOptions extends ModelOptions {
  readonly tokens: string;
  readonly out: string;
}

/** `chorus logits`: writes the model's logits for every token. */
export function addLogits(program: Command): void {
  withModelOptions(
    program.command('logits').description('write the logits of each token, one row of float32 per token'),
  )
    .requiredOption('--tokens <file>', 'JSON array of token numbers')
    .requiredOption('--out <file>', 'file to write')
    .action(logits);
}

async function logits(options: LogitsOptions): Promise<void> {
  const tokens = await readTokens(options.tokens);
  const result = await withEngine(options, async (engine, model, signal) => ({
    engine: model.engine,
    device: model.device,
    ...(await engine.logits({ tokens, outputPath: path.resolve(options.out) }, { signal })),
  }));
  if (options.json) printJson(result);
  else
    writeForeignText(
      process.stdout,
      `${result.rows} rows of ${result.vocabularySize} (${result.engine}, ${result.device})\n`,
    );
}
