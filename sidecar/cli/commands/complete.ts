import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  COMPLETION_TIMEOUT_MS,
  INLINE_COMPLETION_REQUEST,
  MAX_DOCUMENT_UNITS,
  OPEN_NOTIFICATION,
} from '../../protocol/client.ts';
import { tellOfBundledModel } from '../bundledModelNotice.ts';
import { OutOfTimeError, UsageError } from '../exitCodes.ts';
import { languageIdOf } from '../../syntax/languageIds.ts';
import { printJson } from '../output.ts';
import {
  decimal,
  serverOf,
  settingsOf,
  withModelOptions,
  withServerOptions,
  type ModelOptions,
  type ServerOptions,
} from '../options.ts';
import { withSession } from '../withSession.ts';
import { writeForeignText } from '../terminal.ts';

interface CompleteOptions extends ModelOptions, ServerOptions {
  /** In seconds. */
  readonly timeout: number;
}

interface Position {
  readonly line: number;
  readonly character: number;
}
interface InlineCompletionItem {
  readonly insertText: string | { readonly value: string };
  readonly range?: { readonly start: Position; readonly end: Position };
}

const MAX_TIMEOUT_S = 3_600;
const LONGER = 'Give it longer with --timeout SECONDS.';

/** `chorus complete FILE:LINE:COL`: the ghost text that an editor would show there. */
export function addComplete(program: Command): void {
  const command = program
    .command('complete')
    .description(l10n.t('complete code at a position in a file and print the text'))
    .argument('<file:line:column>', 'line and column from 1, as editors show them');
  withServerOptions(withModelOptions(command))
    .option(
      '--timeout <seconds>',
      'time limit, after which the text so far is printed',
      (value) => decimal(value, 0.001, MAX_TIMEOUT_S),
      COMPLETION_TIMEOUT_MS / 1000,
    )
    .action(complete);
}

async function complete(place: string, options: CompleteOptions): Promise<void> {
  const { file, line, column } = parsePlace(place);
  const text = await readSource(file);
  const position = positionIn(text, { file, line, column });
  const uri = pathToFileURL(file).href;
  const own = { server: serverOf(options), completion: { timeoutMs: options.timeout * 1000 } };
  const { items, isOutOfTime = false } = await withSession(
    settingsOf(options),
    async ({ session, signal }) => {
      await tellOfBundledModel({ session, signal }, options);
      await session.notify(OPEN_NOTIFICATION, {
        textDocument: { uri, languageId: languageIdOf(file), version: 1, text },
      });
      return (
        (await session.request(
          INLINE_COMPLETION_REQUEST,
          { textDocument: { uri }, position, context: { triggerKind: 1 } },
          { signal },
        )) ?? {
          items: [],
        }
      );
    },
    own,
  );
  const completions = items.map((item) => ({
    text: insertedText(item, text, position),
    range: item.range ?? { start: position, end: position },
  }));
  if (isOutOfTime && completions.length === 0)
    throw new OutOfTimeError(
      `The time limit of ${options.timeout} s ended the completion before it had any text. ${LONGER}`,
    );
  const first = completions[0]?.text ?? '';
  if (options.json) printJson({ text: first, file, line, column, isOutOfTime, completions });
  else writeForeignText(process.stdout, `${first}\n`);
  if (isOutOfTime) process.stderr.write(`The time limit of ${options.timeout} s ended the completion. ${LONGER}\n`);
}

/** Parses "FILE:LINE:COL". The colon of a Windows drive stays with the file. Throws `UsageError`. */
export function parsePlace(place: string): { readonly file: string; readonly line: number; readonly column: number } {
  const match = /^(.+):(\d{1,9}):(\d{1,9})$/.exec(place);
  const [, file, line, column] = match ?? [];
  if (!file || Number(line) < 1 || Number(column) < 1)
    throw new UsageError(`Expected FILE:LINE:COL with numbers from 1, for example src/main.ts:12:5, but got ${place}`);
  return { file: path.resolve(file), line: Number(line), column: Number(column) };
}

async function readSource(file: string): Promise<string> {
  const status = await stat(file).catch(() => undefined);
  if (!status?.isFile()) throw new UsageError(`${file} is not a file`);
  if (status.size > 4 * MAX_DOCUMENT_UNITS)
    throw new UsageError(
      `${file} is ${status.size} bytes long, too long to complete in: at most ${MAX_DOCUMENT_UNITS} characters`,
    );
  const text = (await readFile(file)).toString('utf8');
  if (text.includes('\0')) throw new UsageError(`${file} holds binary data, expected text`);
  return text;
}

/** Converts the place to an LSP position. Throws `UsageError` if the text has no such place. */
export function positionIn(
  text: string,
  place: { readonly file: string; readonly line: number; readonly column: number },
): Position {
  const lines = text.split(/\r\n|\r|\n/);
  const line = lines[place.line - 1];
  if (line === undefined)
    throw new UsageError(`${place.file} has ${lines.length} lines, there is no line ${place.line}`);
  if (place.column > line.length + 1)
    throw new UsageError(
      `Line ${place.line} of ${place.file} ends at column ${line.length + 1}, there is no column ${place.column}`,
    );
  return { line: place.line - 1, character: place.column - 1 };
}

/**
 * Returns the text that the item adds at the cursor. If its range begins before the cursor, the repeated text is
 * removed.
 */
function insertedText(item: InlineCompletionItem, text: string, position: Position): string {
  const whole = typeof item.insertText === 'string' ? item.insertText : item.insertText.value;
  const start = item.range?.start;
  if (start === undefined || start.line !== position.line) return whole;
  const repeated = text.split(/\r\n|\r|\n/)[position.line]?.slice(start.character, position.character) ?? '';
  return whole.startsWith(repeated) ? whole.slice(repeated.length) : whole;
}
