import type { Command } from 'commander';
import { integer, integers, withModelOptions, type ModelOptions } from '../options.ts';
import { printJson } from '../output.ts';
import { writeForeignText } from '../terminal.ts';
import { withEngine } from '../withEngine.ts';

interface BenchOptions extends ModelOptions {
  readonly prompt: number;
  readonly decode: number;
  readonly depths: readonly number[];
}

/** `chorus bench`: prompt and decode speed at several depths, as defined by llama-bench. */
export function addBench(program: Command): void {
  withModelOptions(program.command('bench').description('measure prompt and decode tokens per second'))
    .option('-p, --prompt <tokens>', 'tokens of the prompt', (value) => integer(value, 0, 2 ** 20), 512)
    .option('-n, --decode <tokens>', 'tokens to decode', (value) => integer(value, 0, 2 ** 20), 128)
    .option(
      '-d, --depths <list>',
      'tokens already in the context, separated by commas',
      (value) => integers(value, 0, 2 ** 20),
      [0],
    )
    .action(bench);
}

async function bench(options: BenchOptions): Promise<void> {
  const needed = Math.max(...options.depths) + Math.max(options.prompt, options.decode);
  const contextSize = options.contextSize ?? Math.max(128, needed);
  const result = await withEngine({ ...options, contextSize }, async (engine, model, signal) => ({
    ...(await engine.bench(
      { promptTokens: options.prompt, decodeTokens: options.decode, depths: options.depths },
      { signal },
    )),
    engine: model.engine,
    device: model.device,
    threads: model.threads,
  }));
  if (options.json) return printJson(result);
  writeForeignText(process.stdout, `${result.engine}, ${result.device}, ${result.threads} threads\n`);
  for (const { test, tokens, depth, tokensPerSecond } of result.results) {
    writeForeignText(
      process.stdout,
      `${test.padEnd(6)} ${String(tokens).padStart(6)} at depth ${String(depth).padStart(6)}: ${tokensPerSecond.toFixed(1)} tokens/s\n`,
    );
  }
}
