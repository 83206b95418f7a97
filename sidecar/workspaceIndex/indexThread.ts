import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { BUILT_FOLDER } from '../common/childProcess/ownScript.ts';
import { threadOfSource } from '../common/childProcess/threadOfSource.ts';
import { HangWatch } from './hangWatch.ts';
import type { IndexAnswer, IndexMethod, IndexMethods, IndexRequest, IndexThreadData } from './indexMessages.ts';
import { PutMark } from './putMark.ts';

/** The heap limit of the thread. A hundred thousand files need about half of it. */
const MAX_HEAP_MEBIBYTES = 640;
/** A file of the largest size takes less than a second. */
const HANG_LIMIT_MS = 10_000;
/**
 * If the thread ends by itself twice within this time, the cause is the content of a workspace. Reading everything
 * again would end the next thread too.
 */
const REPEATED_WITHIN_MS = 60 * 60_000;
/** If more files hang, the files are not to blame, and the index stays off. */
const MAX_HUNG_FILES = 5;
/**
 * After this many files the thread goes on without a parser. A folder may be full of such files, and each one makes the
 * index read everything again.
 */
const MAX_PARSER_ENDS = 5;

/** The thread of the index failed at a request, or ended. `cause` is the thread's own error, if there is one. */
class IndexError extends Error {
  override readonly name = 'IndexError';
}

type PutParams = Parameters<IndexMethods['put']>[0];
type NextEditsParams = Parameters<IndexMethods['nextEdits']>[0];

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: IndexError) => void;
  /** URIs of the files in a put request. */
  readonly put: readonly string[];
  /** The workspace of a request for next edits. */
  readonly editing: string | undefined;
}

/** The files that the thread runs on. */
interface ThreadFiles {
  readonly script: string | URL;
  readonly grammarsFolder: string;
}

export interface IndexThreadOptions {
  readonly files?: ThreadFiles;
  /** How long the thread may stay at a file before it is ended. */
  readonly hangLimitMs?: number;
  /** Milliseconds on a monotonic clock. */
  readonly now?: () => number;
}

/**
 * Called when the thread ended, or hung and was ended, and all indexes were lost. The next request starts another
 * thread. `isRepeated` tells that the thread ended by itself again.
 */
export type IndexLost = (error: unknown, isRepeated: boolean) => void;

/**
 * The front's side of the index. The thread starts with the first request, and its end loses only the index. A file at
 * which it hangs is left out from then on. A workspace at whose next edits it hangs gets none from then on.
 */
export class IndexThread {
  readonly #pending = new Map<number, Pending>();
  readonly #mark = new PutMark();
  readonly #watch: HangWatch<string>;
  /** URIs of files that are left out. */
  readonly #leftOut = new Set<string>();
  /** Workspaces that get no next edits, since the thread hung at theirs. */
  readonly #unedited = new Set<string>();
  #hungFiles = 0;
  #parserEnds = 0;
  #worker: Worker | undefined;
  #nextId = 1;
  /** When the thread last ended by itself. */
  #endedAtMs = -Infinity;

  constructor(
    private readonly onLost: IndexLost = () => undefined,
    private readonly options: IndexThreadOptions = {},
  ) {
    this.#watch = new HangWatch({
      limitMs: options.hangLimitMs ?? HANG_LIMIT_MS,
      place: () => this.#place(),
      onHang: () => this.#hangs(),
    });
  }

  /** Sends a request to the thread. Rejects with `IndexError`. */
  async ask<Method extends IndexMethod>(
    method: Method,
    params: Parameters<IndexMethods[Method]>[0],
  ): Promise<ReturnType<IndexMethods[Method]>> {
    if (this.#hungFiles >= MAX_HUNG_FILES) throw new IndexError('The index is off: it hung at too many files');
    const isAboutEdits = method === 'nextEdits' || method === 'breaksSyntax';
    const editing = isAboutEdits ? (params as NextEditsParams).workspace : undefined;
    if (editing !== undefined && this.#unedited.has(editing))
      throw new IndexError('Next edits are off in this workspace: the index hung at them');
    const worker = (this.#worker ??= this.#start());
    const id = this.#nextId++;
    const put = method === 'put' ? (params as PutParams).files.filter(({ uri }) => !this.#leftOut.has(uri)) : undefined;
    return new Promise((resolve, reject) => {
      const uris = put?.map(({ uri }) => uri) ?? [];
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject, put: uris, editing });
      this.#watch.start();
      worker.postMessage({
        id,
        method,
        params: put === undefined ? params : { ...params, files: put },
      } satisfies IndexRequest);
    });
  }

  async dispose(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#fail(new IndexError('The index was closed'));
    await worker?.terminate();
  }

  #start(): Worker {
    const { script, grammarsFolder } = this.options.files ?? threadFiles();
    const workerData: IndexThreadData = {
      grammarsFolder,
      markMemory: this.#mark.memory,
      leftOut: [...this.#leftOut],
    };
    const worker = new Worker(script, {
      execArgv: [],
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEBIBYTES },
    });
    // The thread ends with the process and does not keep it alive.
    worker.unref();
    worker.on('message', (answer: IndexAnswer) => {
      const pending = this.#pending.get(answer.id);
      this.#pending.delete(answer.id);
      if (this.#pending.size === 0) this.#watch.stop();
      if ('error' in answer) pending?.reject(new IndexError(`The index failed with a ${answer.error}`));
      else pending?.resolve(answer.result);
      if ('error' in answer && answer.endedAt !== undefined) this.#parserEnded(worker, answer.endedAt);
    });
    worker.on('error', (error) => this.#ended(worker, error));
    worker.on('exit', () => this.#ended(worker, undefined));
    return worker;
  }

  #ended(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return;
    const nowMs = (this.options.now ?? (() => performance.now()))();
    const isRepeated = nowMs - this.#endedAtMs < REPEATED_WITHIN_MS;
    this.#endedAtMs = nowMs;
    this.#lost(cause, isRepeated);
  }

  #lost(cause: unknown, isRepeated: boolean): void {
    this.#worker = undefined;
    this.#fail(new IndexError('The thread of the index ended', { cause }));
    if (this.#hungFiles < MAX_HUNG_FILES) this.onLost(cause, isRepeated);
  }

  /**
   * The file that the thread is putting now, or the step of its next edits, by the request's number and the place
   * there. `undefined` if it does neither.
   */
  #place(): string | undefined {
    const { request, file } = this.#mark.read();
    const pending = this.#pending.get(request);
    return (pending?.editing ?? pending?.put[file]) === undefined ? undefined : `${request}/${file}`;
  }

  #hangs(): void {
    const worker = this.#worker;
    const { request, file } = this.#mark.read();
    const pending = this.#pending.get(request);
    const uri = pending?.put[file];
    if (worker === undefined || pending === undefined) return;
    this.#hungFiles++;
    if (pending.editing !== undefined) {
      this.#unedited.add(pending.editing);
      this.#end(worker, 'The thread of the index hung at next edits, which are off in their workspace from now on');
    } else if (uri !== undefined)
      this.#leaveOut(worker, uri, 'The thread of the index hung at a file, which is left out from now on');
  }

  #parserEnded(worker: Worker, uri: string): void {
    if (this.#worker !== worker || this.#parserEnds >= MAX_PARSER_ENDS) return;
    this.#parserEnds++;
    this.#leaveOut(worker, uri, 'The parser of the index ended at a file, which is left out from now on');
  }

  #leaveOut(worker: Worker, uri: string, message: string): void {
    this.#leftOut.add(uri);
    this.#end(worker, message);
  }

  /** Ends a thread that has become useless. */
  #end(worker: Worker, message: string): void {
    this.#lost(new IndexError(message), false);
    worker.terminate().catch(() => undefined);
  }

  #fail(error: IndexError): void {
    this.#watch.stop();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

/** The sources, or the bundles in `dist`. */
function threadFiles(): ThreadFiles {
  const bundles = import.meta.url.endsWith('.ts') ? BUILT_FOLDER : path.dirname(fileURLToPath(import.meta.url));
  if (bundles !== undefined)
    return { script: path.join(bundles, 'context.cjs'), grammarsFolder: path.join(bundles, 'grammars') };
  const grammarsFolder = path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'));
  return { script: threadOfSource(new URL('./main.ts', import.meta.url)), grammarsFolder };
}
