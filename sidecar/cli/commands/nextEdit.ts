import type { Command } from 'commander';
import { readFile, stat } from 'node:fs/promises';
import { parseJson } from '../../common/parseJson.ts';
import { EditLogError, EditLogReplay, parseEditLog } from '../../nextEdits/editLog.ts';
import type { SourceDocument, Suggestion } from '../../nextEdits/suggester.ts';
import { SecretFiles } from '../../privacy/secretFiles.ts';
import { IndexThread } from '../../workspaceIndex/indexThread.ts';
import { UsageError } from '../exitCodes.ts';
import { withJson } from '../options.ts';
import { printJson } from '../output.ts';
import { writeForeignText } from '../terminal.ts';

const MAX_LOG_BYTES = 64 * 1024 * 1024;
/** The most open documents whose texts are searched, the last edited first. */
const MAX_DOCUMENTS = 64;

const WORKSPACE = 'log';

/** `chorus next-edit LOG.json`: the changes that follow from the edits of a recorded log. */
export function addNextEdit(program: Command): void {
  withJson(
    program
      .command('next-edit')
      .description('suggest the edits that follow from a recorded log of edits')
      .argument('<log>', 'JSON file: {"log": [{"kind": "changed", …}, …]}, as docs/next-edits.md describes'),
  ).action(nextEdit);
}

async function nextEdit(file: string, { json }: { readonly json: boolean }): Promise<void> {
  const replay = await replayed(file);
  const thread = new IndexThread();
  try {
    const { documents } = replay;
    // As in a running sidecar, the thread and its grammars are there before the first suggestion.
    const files = documents.map((document) => ({ ...document, revision: 0 }));
    await thread.ask('put', { workspace: WORKSPACE, files });
    const startedAt = performance.now();
    const suggestions = await thread.ask('nextEdits', {
      workspace: WORKSPACE,
      request: {
        edits: replay.journal.recent(replay.nowMs),
        documents: documents.slice(0, MAX_DOCUMENTS),
        undone: Object.fromEntries(documents.map(({ uri }) => [uri, replay.journal.undone(uri)])),
      },
    });
    const milliseconds = Math.round(performance.now() - startedAt);
    if (json) printJson({ suggestions: suggestions.map(inJson), milliseconds });
    else writeForeignText(process.stdout, describe(suggestions, documents));
  } finally {
    await thread.dispose();
  }
}

/** Reads a log and replays it. Rejects with `UsageError`. */
async function replayed(file: string): Promise<EditLogReplay> {
  const status = await stat(file).catch(() => undefined);
  if (!status?.isFile()) throw new UsageError(`${file} is not a file`);
  if (status.size > MAX_LOG_BYTES)
    throw new UsageError(`${file} is ${status.size} bytes long, expected a log of at most ${MAX_LOG_BYTES} bytes`);
  const secretFiles = new SecretFiles();
  const replay = new EditLogReplay((path) => secretFiles.has(path));
  try {
    for (const entry of parseEditLog(parseJson(await readFile(file, 'utf8')))) replay.apply(entry);
  } catch (error) {
    if (!(error instanceof EditLogError || error instanceof SyntaxError)) throw error;
    const reason = error instanceof EditLogError ? error.message : `no JSON (${error.message})`;
    throw new UsageError(`${file} is no log of edits: ${reason}`, { cause: error });
  }
  return replay;
}

function inJson({ uri, kind, confidence, edits }: Suggestion): object {
  return { path: uri, kind, confidence, edits };
}

/** Returns a line per changed line: its place, the removed and the added text. */
function describe(suggestions: readonly Suggestion[], documents: readonly SourceDocument[]): string {
  const lines = suggestions.flatMap(({ uri, kind, edits }) => {
    const text = documents.find((document) => document.uri === uri)?.text ?? '';
    return edits.map(([start, end, inserted]) => {
      const line = text.slice(0, start).split('\n').length;
      const column = start - text.lastIndexOf('\n', start - 1);
      return `${uri}:${line}:${column} ${kind}: ${JSON.stringify(text.slice(start, end))} → ${JSON.stringify(inserted)}\n`;
    });
  });
  return lines.length === 0 ? 'Nothing follows from these edits.\n' : lines.join('');
}
