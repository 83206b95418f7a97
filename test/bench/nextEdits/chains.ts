import { execFileSync } from 'node:child_process';
import { EditJournal } from '../../../sidecar/nextEdits/editJournal.ts';
import type { SourceDocument, TextEdit } from '../../../sidecar/nextEdits/suggester.ts';
import { languageIdOf } from '../../../sidecar/syntax/languageIds.ts';
import { FOLLOWER_KINDS, type FollowerKind, followerKind, type LineChange } from './followers.ts';
import { isSure, type Sureness } from '../../../sidecar/nextEdits/rewriting/rewriteGate.ts';
import { shuffled } from '../shuffled.ts';
import { hunksBetween } from './hunks.ts';
import { isImported } from './importedNames.ts';
import { countOf, grammars, linesAfter, type Suggesting } from './suggesting.ts';
import { WorkspaceOfCommit } from './workspaceOfCommit.ts';

const MAX_FILES = 8;
const MAX_UNITS = 100_000;
/** The hunks of a file that are made, each alone. */
const MAX_HUNKS = 4;
/** The files that are read, of languages with a grammar. */
const ENDINGS = ['.ts', '.tsx', '.js', '.py', '.go', '.java', '.rs', '.cpp', '.cs'];
const FILES = ENDINGS.map((ending) => `*${ending}`);

export interface ChainOutcome {
  readonly kind: string;
  /** The suggested document. */
  readonly uri: string;
  readonly edits: number;
  readonly rightEdits: number;
  /** The lines of the right changes. */
  readonly right: readonly string[];
  /** The offsets of the right changes in the document before the commit. */
  readonly places: readonly number[];
  /** The lines of the wrong changes. */
  readonly wrong: readonly string[];
  /** The edit that was made, and the lines of the suggested changes as they are. For `--verbose`. */
  readonly cause: {
    readonly path: string;
    readonly removed: string;
    readonly inserted: string;
    readonly present: readonly string[];
  };
  /** How sure the model was, if it wrote the change. */
  readonly sureness?: Sureness;
}

/** How many changes follow from others by a rule, as far as their texts tell, and how many of them were suggested. */
type Recall = Readonly<Record<FollowerKind, { readonly expected: number; readonly found: number }>>;

export interface Chains {
  readonly commits: number;
  readonly hunks: number;
  readonly outcomes: readonly ChainOutcome[];
  /** Changes that the model wrote but that are not shown, since it is not sure of them. */
  readonly unsure: readonly ChainOutcome[];
  readonly recall: Recall;
}

interface Changed {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** Makes the suggestions of chains. */
export interface ChainsSuggesting {
  readonly suggesting: Suggesting;
  /** Whether the commits come in any order, since not all are used. */
  readonly isSample?: boolean;
}

/**
 * Makes the first hunks of each file of a commit, each alone, and asks for the others. The workspace holds the files
 * before the commit. A suggested change is right if its lines stand in the commit's result, and stood there less often
 * before. It is also right if the commit changes the line and brings the same words, or imports the same names from the
 * same file.
 */
export async function runChains(
  repository: string,
  {
    commits,
    newest = 'HEAD',
    suggesting,
    isSample = false,
  }: ChainsSuggesting & { readonly commits: number; readonly newest?: string },
): Promise<Chains> {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, {
      cwd: repository,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const hashes = git('log', newest, '--no-merges', '--format=%H', '--diff-filter=M', `-n${commits}`, '--', ...FILES)
    .trim()
    .split('\n');
  const made: ChainOutcome[] = [];
  const recall = Object.fromEntries(FOLLOWER_KINDS.map((kind) => [kind, { expected: 0, found: 0 }])) as Record<
    FollowerKind,
    { expected: number; found: number }
  >;
  const workspace = new WorkspaceOfCommit(repository, grammars, (path) => ENDINGS.some((each) => path.endsWith(each)));
  let [used, hunks] = [0, 0];
  for (const hash of isSample ? shuffled(hashes, 1) : hashes) {
    if (suggesting.isOver) break;
    const files = changedFiles(git, hash);
    const [first] = files;
    const edits = files.flatMap(({ before, after }) => hunksBetween(before, after));
    if (first === undefined || edits.length < 2) continue;
    used++;
    hunks += edits.length;
    workspace.checkOut(`${hash}~1`);
    for (const file of files)
      for (const hunk of hunksBetween(file.before, file.after).slice(0, MAX_HUNKS)) {
        const suggested = await suggestedAfter({ suggesting, workspace, files }, { file, hunk });
        made.push(...suggested);
        const right = suggested.filter(isShown).flatMap((outcome) => outcome.right);
        const places = suggested.filter(isShown).flatMap(({ uri, places: own }) => own.map((at) => ({ uri, at })));
        for (const { kind, path, hunk: other } of followersOf(files, { file, hunk })) {
          recall[kind].expected++;
          const isThere = places.some(({ uri, at }) => uri === path && at >= other[0] && at <= other[1]);
          if (isThere || right.some((lines) => other[2].includes(lines))) recall[kind].found++;
        }
      }
  }
  const [outcomes, unsure] = [made.filter(isShown), made.filter((each) => !isShown(each))];
  return { commits: used, hunks, outcomes, unsure, recall };
}

function isShown({ sureness }: ChainOutcome): boolean {
  return sureness === undefined || isSure(sureness);
}

/** Returns the other changes of a commit that follow from a hunk by a rule. */
function followersOf(
  files: readonly Changed[],
  { file, hunk }: { readonly file: Changed; readonly hunk: TextEdit },
): { readonly kind: FollowerKind; readonly path: string; readonly hunk: TextEdit }[] {
  const first = lineChange(file, hunk);
  return files.flatMap((other) =>
    hunksBetween(other.before, other.after).flatMap((each) => {
      if (other === file && each[0] === hunk[0]) return [];
      const change = lineChange(other, each);
      const kind = followerKind(first, change, { isSameFile: other === file, languageId: languageIdOf(file.path) });
      return kind === undefined ? [] : [{ kind, path: other.path, hunk: each }];
    }),
  );
}

function lineChange({ before }: Changed, [start, end, inserted]: TextEdit): LineChange {
  return { removed: before.slice(start, end), inserted };
}

function changedFiles(git: (...args: readonly string[]) => string, hash: string): Changed[] {
  const paths = git('diff-tree', '--no-commit-id', '-r', '--name-only', '--diff-filter=M', hash, '--', ...FILES)
    .trim()
    .split('\n');
  return paths
    .filter((path) => path !== '')
    .slice(0, MAX_FILES)
    .flatMap((path) => {
      const [before, after] = [git('show', `${hash}~1:${path}`), git('show', `${hash}:${path}`)];
      return before.length > MAX_UNITS || after.length > MAX_UNITS ? [] : [{ path, before, after }];
    });
}

/** Makes a hunk, and returns how many of the changes suggested after it are right. */
async function suggestedAfter(
  {
    suggesting,
    workspace,
    files,
  }: { readonly suggesting: Suggesting; readonly workspace: WorkspaceOfCommit; readonly files: readonly Changed[] },
  { file: first, hunk }: { readonly file: Changed; readonly hunk: TextEdit },
): Promise<ChainOutcome[]> {
  const journal = new EditJournal();
  const [start, end, text] = hunk;
  journal.record(first.path, first.before, [{ start, end, text }], 1);
  const documents = files.map(({ path, before }): SourceDocument => ({
    uri: path,
    path,
    languageId: languageIdOf(path),
    text: path === first.path ? before.slice(0, start) + text + before.slice(end) : before,
  }));
  const { suggestions } = await suggesting.all(journal, documents, 1, (name) => workspace.documentsNaming(name));
  const causeOf = (now: string, edits: readonly TextEdit[]): ChainOutcome['cause'] => ({
    path: first.path,
    removed: first.before.slice(start, end),
    inserted: text,
    present: edits.map(([from, to]) => linesAfter(now, [from, to, now.slice(from, to)])),
  });
  return suggestions.map(({ kind, uri, edits, sureness }) => {
    const now = documents.find((document) => document.uri === uri)?.text ?? workspace.document(uri)?.text ?? '';
    const wanted = files.find(({ path }) => path === uri)?.after ?? now;
    const right = edits.filter((edit) => {
      const lines = linesAfter(now, edit);
      if (kind === 'import' && isImported(now, wanted, edit)) return true;
      return countOf(wanted, lines) > countOf(now, lines) || isInChange(now, wanted, edit);
    });
    const wrong = edits.filter((edit) => !right.includes(edit)).map((edit) => linesAfter(now, edit));
    const lines = right.map((edit) => linesAfter(now, edit));
    return {
      kind,
      uri,
      edits: edits.length,
      rightEdits: right.length,
      right: lines,
      places: right.map(([at]) =>
        uri === first.path && at >= start + text.length ? at - text.length + end - start : at,
      ),
      wrong,
      cause: causeOf(now, edits),
      ...(sureness ? { sureness } : {}),
    };
  });
}

/** Whether a hunk from one text to another changes the line of an edit, and has the words that the edit brings. */
function isInChange(now: string, wanted: string, [start, end, inserted]: TextEdit): boolean {
  const words = inserted.match(/[\p{L}\p{N}_]+/gu) ?? [];
  return hunksBetween(now, wanted).some(
    ([from, to, text]) => start >= from && end <= to && words.every((word) => text.includes(word)),
  );
}
