import * as l10n from '@vscode/l10n';
import { InvalidArgumentError, Option, type Command } from 'commander';
import os from 'node:os';
import path from 'node:path';
import { SERVER_KEY_VARIABLE } from '../common/childProcess/nodeEnvironment.ts';
import type { ChorusSettings, DeviceChoice, EngineChoice } from '../protocol/client.ts';
import { UsageError } from './exitCodes.ts';

/** The longest list of numbers. */
const MOST_NUMBERS = 16;

/** Options of every command that runs a model. */
export interface ModelOptions {
  readonly json: boolean;
  readonly model?: string;
  readonly engine?: EngineChoice;
  readonly device?: DeviceChoice;
  readonly threads?: number;
  readonly contextSize?: number;
  readonly cache?: string;
  readonly adapter?: readonly string[];
  /** False: the model runs without its own experts. */
  readonly experts?: boolean;
}

/** Options of commands that can use a server instead of a model on this machine. */
export interface ServerOptions {
  readonly server?: string;
  readonly serverModel?: string;
}

/** Adds `--json` to a command. */
export function withJson(command: Command): Command {
  return command.option('--json', l10n.t('print one JSON object'), false);
}

/**
 * Adds `--json`, `--model`, `--adapter`, `--no-experts`, `--engine`, `--device`, `--threads`, `--context-size` and
 * `--cache` to a command.
 */
export function withModelOptions(command: Command): Command {
  const cores = os.availableParallelism();
  return withJson(command)
    .option('--model <file>', l10n.t('GGUF file to use (default: the bundled model)'))
    .option(
      '--adapter <file>',
      l10n.t('low-rank adapter (GGUF) for the model; may be given several times'),
      (file: string, files: readonly string[] = []) => [...files, file],
    )
    .option('--no-experts', l10n.t('run the model without the low-rank experts that belong to it'))
    .addOption(new Option('--engine <name>', l10n.t('engine to use')).choices(['auto', 'chorus', 'llama']))
    .addOption(
      new Option('--device <name>', l10n.t('device to use')).choices(['auto', 'cpu', 'cuda', 'vulkan', 'metal']),
    )
    .option('--threads <number>', `compute threads, 1 to ${cores}`, (value) => integer(value, 1, cores))
    .option('--context-size <tokens>', l10n.t('context length in tokens'), (value) => integer(value, 128, 2 ** 24))
    .option(
      '--cache <choice>',
      'how much of a long context to keep: full, snapkv:2048, streaming:1024,sinks=4, … (docs/long-context.md)',
    );
}

/** Adds `--server` and `--server-model` to a command. */
export function withServerOptions(command: Command): Command {
  return command
    .option(
      '--server <url>',
      l10n.t(
        'ask this OpenAI-compatible server (API key in {0}); your questions and code leave this machine',
        SERVER_KEY_VARIABLE,
      ),
    )
    .option('--server-model <name>', l10n.t('model on the server (default: the first)'));
}

/**
 * Returns the chosen server. Its key comes from the environment, since every process on the machine can see arguments.
 */
export function serverOf({ server, serverModel }: ServerOptions): ServerChoice | undefined {
  if (server === undefined && serverModel !== undefined)
    throw new UsageError('--server-model names a model of a server: give the server with --server');
  return server === undefined
    ? undefined
    : { url: server, model: serverModel, key: process.env[SERVER_KEY_VARIABLE] || undefined };
}

/** A server whose model may still have to be chosen. */
export interface ServerChoice {
  readonly url: string;
  readonly model: string | undefined;
  readonly key: string | undefined;
}

/**
 * Returns the settings that the options choose, or `undefined` without such options. With settings the command starts
 * its own sidecar, so that it does not change an editor's model.
 */
export function settingsOf(options: ModelOptions): ChorusSettings | undefined {
  const { model, engine, device, threads, contextSize, cache, adapter, experts } = options;
  if (
    model === undefined &&
    engine === undefined &&
    device === undefined &&
    threads === undefined &&
    contextSize === undefined &&
    cache === undefined &&
    adapter === undefined &&
    experts !== false
  )
    return undefined;
  return {
    modelPath: model === undefined ? undefined : path.resolve(model),
    engine,
    device,
    threads,
    contextSizeTokens: contextSize,
    cache,
    adapters: adaptersOf(options),
    ...(experts === false ? { withoutExperts: true } : {}),
  };
}

/** The absolute paths of the chosen adapters. Absent: none is chosen. */
export function adaptersOf({ adapter }: ModelOptions): readonly string[] | undefined {
  return adapter?.map((file) => path.resolve(file));
}

/** Parses a whole number between two bounds. Throws commander's `InvalidArgumentError`. */
export function integer(value: string, low: number, high: number): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= low && number <= high) return number;
  throw new InvalidArgumentError(`Expected a whole number from ${low} to ${high}.`);
}

/**
 * Parses whole numbers between two bounds, separated by commas, at most 16. Throws commander's `InvalidArgumentError`.
 */
export function integers(value: string, low: number, high: number): readonly number[] {
  const numbers = value.split(',').map((part) => integer(part.trim(), low, high));
  if (numbers.length > MOST_NUMBERS) throw new InvalidArgumentError(`Expected at most ${MOST_NUMBERS} numbers.`);
  return numbers;
}

/** Parses a decimal number between two bounds. Throws commander's `InvalidArgumentError`. */
export function decimal(value: string, low: number, high: number): number {
  const number = Number(value);
  if (value.trim() !== '' && number >= low && number <= high) return number;
  throw new InvalidArgumentError(`Expected a number from ${low} to ${high}.`);
}

/** Returns the text if it is a valid regular expression. Throws commander's `InvalidArgumentError`. */
export function regularExpression(value: string): string {
  try {
    new RegExp(value);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  return value;
}
