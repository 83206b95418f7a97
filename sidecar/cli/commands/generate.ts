import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import { GENERATE_REQUEST, type GenerateParams, type GeneratePart } from '../../protocol/client.ts';
import { tellOfBundledModel } from '../bundledModelNotice.ts';
import { printJson, readStandardInput } from '../output.ts';
import { decimal, integer, settingsOf, withModelOptions, type ModelOptions } from '../options.ts';
import { withSession } from '../withSession.ts';
import { writeForeignText } from '../terminal.ts';

interface GenerateOptions extends ModelOptions {
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
}

/** `chorus generate`: continues plain text. */
export function addGenerate(program: Command): void {
  const command = program
    .command('generate')
    .description(l10n.t('continue a text'))
    .argument('<prompt>', 'the text, or "-" for standard input');
  withModelOptions(command)
    .option('--max-tokens <number>', 'the most tokens to generate', (value) => integer(value, 1, 2 ** 20), 256)
    .option('--temperature <number>', '0 always chooses the likeliest token', (value) => decimal(value, 0, 5), 0)
    .option('--seed <number>', 'makes a temperature above 0 repeatable', (value) => integer(value, 0, 2 ** 31 - 1))
    .option('--stop <text...>', 'end before one of these texts')
    .action(generate);
}

async function generate(prompt: string, options: GenerateOptions): Promise<void> {
  const text = prompt === '-' ? await readStandardInput() : prompt;
  const params: GenerateParams = {
    prompt: text,
    maxTokens: options.maxTokens,
    temperature: options.temperature,
    seed: options.seed,
    stop: options.stop,
  };
  const onPart = (part: GeneratePart): void => {
    if (!options.json && 'text' in part) writeForeignText(process.stdout, part.text);
  };
  const result = await withSession(settingsOf(options), async ({ session, signal }) => {
    await tellOfBundledModel({ session, signal }, options);
    return session.request(GENERATE_REQUEST, params, { onPart, signal });
  });
  if (options.json) printJson(result);
  else process.stdout.write('\n');
}
