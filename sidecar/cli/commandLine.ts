import * as l10n from '@vscode/l10n';
import { Command, CommanderError } from 'commander';
import { addBench } from './commands/bench.ts';
import { addChat } from './commands/chat.ts';
import { addComplete } from './commands/complete.ts';
import { addCuda } from './commands/cuda.ts';
import { addEvaluateLanguages } from './commands/evaluateLanguages.ts';
import { addForget } from './commands/forget.ts';
import { addGenerate } from './commands/generate.ts';
import { addInfo } from './commands/info.ts';
import { addLearn } from './commands/learn.ts';
import { addLsp } from './commands/lsp.ts';
import { addLogits } from './commands/logits.ts';
import { addModels } from './commands/models.ts';
import { addNeedle } from './commands/needle.ts';
import { addNextEdit } from './commands/nextEdit.ts';
import { addOutliers } from './commands/outliers.ts';
import { addPerplexity } from './commands/perplexity.ts';
import { addQuantize } from './commands/quantize.ts';
import { addRecall } from './commands/recall.ts';
import { addSelect } from './commands/select.ts';
import { addStatus } from './commands/status.ts';
import { addStop } from './commands/stop.ts';
import { addTrain } from './commands/train.ts';
import { addTranscribe } from './commands/transcribe.ts';
import { addTrim } from './commands/trim.ts';
import { addUpcycle } from './commands/upcycle.ts';
import { ExitCodes } from './exitCodes.ts';
import { describeFailure, reportFailure } from './failure.ts';
import { CLI_VERSION } from './session.ts';

/**
 * Runs a command line, without the program's name. Returns the exit code. Errors are printed, with --json as an object.
 */
export async function runCommandLine(commandLine: readonly string[]): Promise<number> {
  const json = commandLine.includes('--json');
  try {
    await createProgram(json).parseAsync(commandLine, { from: 'user' });
    return ExitCodes.ok;
  } catch (error) {
    return exitCodeOf(error, json);
  }
}

function createProgram(json: boolean): Command {
  const program = new Command('chorus')
    .description(
      l10n.t('Code completion and chat by a local model. Nothing leaves this machine unless you choose a server.'),
    )
    .version(CLI_VERSION)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      `\n${l10n.t('Commands share the sidecar of your editors. With --model, --engine, --device, --threads, --context-size or --cache a command starts its own.')}`,
    )
    .exitOverride();
  // Set before the commands are added, because they inherit it. With --json, commander's own line would not be JSON.
  if (json) program.configureOutput({ writeErr: () => undefined });
  addInfo(program);
  addGenerate(program);
  addComplete(program);
  addNextEdit(program);
  addChat(program);
  addModels(program);
  addLearn(program);
  addLsp(program);
  addStatus(program);
  addStop(program);
  addForget(program);
  addCuda(program);
  addLogits(program);
  addPerplexity(program);
  addBench(program);
  addTrain(program);
  addUpcycle(program);
  addQuantize(program);
  addTrim(program);
  addOutliers(program);
  addSelect(program);
  addNeedle(program);
  addEvaluateLanguages(program);
  addRecall(program);
  addTranscribe(program);
  return program;
}

function exitCodeOf(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return ExitCodes.ok;
    // Without --json, commander has already printed the error.
    if (json) reportFailure({ code: 'usage', message: error.message, exitCode: ExitCodes.usage }, true);
    return ExitCodes.usage;
  }
  const failure = describeFailure(error);
  reportFailure(failure, json);
  return failure.exitCode;
}
