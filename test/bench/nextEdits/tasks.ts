import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { EditLogReplay, parseEditLog } from '../../../sidecar/nextEdits/editLog.ts';
import type { TextEdit } from '../../../sidecar/nextEdits/suggester.ts';
import type { Suggesting } from './suggesting.ts';

export interface TaskOutcome {
  readonly task: string;
  readonly kind: string;
  /** Whether the first suggestion changes a line that the person changed next. */
  readonly isPlaceRight: boolean;
  /** The share of the person's changed text that all suggestions for the file make exactly. */
  readonly exactEdits: number;
  readonly editsOfPerson: number;
  readonly ms: number;
}

interface Task {
  readonly log: readonly unknown[];
  readonly nextUserEdit?: { readonly relativePath: string; readonly edit: readonly TextEdit[] };
}

/**
 * The places of the two tasks without `nextUserEdit`: the uses of the renamed variable, as their names say
 * ("update-name-in-…").
 */
const USES: Readonly<Record<string, string>> = { '10-update': '{name}', '11-update': '{name}' };

/** Runs the tasks of a folder of recordings. */
export async function runTasks(folder: string, suggesting: Suggesting): Promise<TaskOutcome[]> {
  const outcomes: TaskOutcome[] = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const task = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Task;
    const replay = new EditLogReplay();
    for (const entry of parseEditLog(task)) replay.apply(entry);
    const { suggestions, ms } = await suggesting.shown(replay.journal, replay.documents, replay.nowMs);
    const [first] = suggestions;
    const document = replay.documents.find(({ uri }) => uri === first?.uri);
    const wanted = document ? wantedEdits(task, file, document.text) : [];
    const isFile =
      task.nextUserEdit === undefined || (first !== undefined && isSameFile(first.uri, task.nextUserEdit.relativePath));
    const edits = suggestions.filter(({ uri }) => uri === first?.uri).flatMap((each) => each.edits);
    outcomes.push({
      task: file.replace(/\.json$/, ''),
      kind: first?.kind ?? 'silent',
      isPlaceRight:
        isFile &&
        document !== undefined &&
        (first?.edits ?? []).some((edit) => wanted.some((each) => shareLine(document.text, edit, each))),
      exactEdits: isFile
        ? wanted.filter((each) => edits.some((edit) => isSameChange(document?.text ?? '', edit, each))).length
        : 0,
      editsOfPerson: task.nextUserEdit?.edit.length ?? wanted.length,
      ms,
    });
  }
  return outcomes;
}

function wantedEdits({ nextUserEdit }: Task, file: string, text: string): readonly TextEdit[] {
  if (nextUserEdit !== undefined) return nextUserEdit.edit;
  const use = USES[file.slice(0, 9)] ?? '';
  const name = /^(\w+) = /m.exec(text)?.[1] ?? '';
  return [...text.matchAll(new RegExp(use, 'g'))].map(({ index }): TextEdit => [
    index + 1,
    index + use.length - 1,
    name,
  ]);
}

function isSameFile(one: string, other: string): boolean {
  return path.basename(one.replaceAll('\\', '/')) === path.basename(other.replaceAll('\\', '/'));
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function shareLine(text: string, one: TextEdit, other: TextEdit): boolean {
  return lineOf(text, one[0]) <= lineOf(text, other[1]) && lineOf(text, other[0]) <= lineOf(text, one[1]);
}

/** Whether two edits change the text in the same way, whatever unchanged text they include. */
function isSameChange(text: string, one: TextEdit, other: TextEdit): boolean {
  const [from, to] = [Math.min(one[0], other[0]), Math.max(one[1], other[1])];
  const made = ([start, end, inserted]: TextEdit): string => text.slice(from, start) + inserted + text.slice(end, to);
  return made(one) === made(other);
}
