import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { IndexAnswer, IndexMethod, IndexMethods, IndexRequest } from './indexMessages.ts';

/** The thread may take so much heap before it is ended; a hundred thousand files need about half. */
const MAX_HEAP_MEBIBYTES = 640;

/** The thread of the index failed at a request, or ended. `cause` is the thread's own error, if it had one. */
export class IndexError extends Error {
  override readonly name = 'IndexError';
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: IndexError) => void;
}

/** The index as the front sees it: a thread that starts with the first request and whose end loses nothing but the index. */
export class IndexThread {
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #nextId = 1;

  /** `onLost`: the thread ended by itself and all indexes with it; the next request starts another. */
  constructor(private readonly onLost: (error: unknown) => void = () => undefined) {}

  /** Throws `IndexError`. */
  async ask<Method extends IndexMethod>(method: Method, params: Parameters<IndexMethods[Method]>[0]): Promise<ReturnType<IndexMethods[Method]>> {
    const worker = (this.#worker ??= this.#start());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject });
      worker.postMessage({ id, method, params } satisfies IndexRequest);
    });
  }

  async dispose(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#fail(new IndexError('The index was closed'));
    await worker?.terminate();
  }

  #start(): Worker {
    const { script, grammarsFolder } = threadFiles();
    const worker = new Worker(script, { execArgv: [], workerData: { grammarsFolder }, resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEBIBYTES } });
    // It ends with the process and never keeps it.
    worker.unref();
    worker.on('message', (answer: IndexAnswer) => {
      const pending = this.#pending.get(answer.id);
      this.#pending.delete(answer.id);
      if ('error' in answer) pending?.reject(new IndexError(`The index failed with a ${answer.error}`));
      else pending?.resolve(answer.result);
    });
    worker.on('error', (error) => this.#lost(worker, error));
    worker.on('exit', () => this.#lost(worker, undefined));
    return worker;
  }

  #lost(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#fail(new IndexError('The thread of the index ended', { cause }));
    this.onLost(cause);
  }

  #fail(error: IndexError): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

/** From source, and from the bundles in `dist`. */
function threadFiles(): { script: string | URL; grammarsFolder: string } {
  const here = path.dirname(fileURLToPath(import.meta.url));
  if (!import.meta.url.endsWith('.ts')) return { script: path.join(here, 'context.cjs'), grammarsFolder: path.join(here, 'grammars') };
  const grammarsFolder = path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'));
  // In a thread TypeScript's loader has to be asked for by name.
  const loader = `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))}; register(); await import(${JSON.stringify(new URL('./main.ts', import.meta.url).href)});`;
  return { script: new URL(`data:text/javascript,${encodeURIComponent(loader)}`), grammarsFolder };
}
