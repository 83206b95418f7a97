import { execa } from 'execa';
import { once } from 'node:events';
import os from 'node:os';
import { createInterface } from 'node:readline';
import process from 'node:process';
import { nodeEnvironment } from '../../sidecar/common/childProcess/nodeEnvironment.ts';
import { parseJson } from '../../sidecar/common/parseJson.ts';

/** What was learnt from a workspace, as `chorus learn` prints it. */
export interface Learnt {
  readonly heldOut: Readonly<Record<'lines' | 'linesBefore' | 'linesAfter' | 'natsBefore' | 'natsAfter', number>>;
  readonly adopted: boolean;
}

/** Why nothing was learnt in the background, as `chorus learn` prints it. */
export type SkipReason = 'nothing-new' | 'other-process' | 'battery';

export interface LearnProcessOptions {
  /** The command line's script, `dist/cli.mjs`. */
  readonly cliScript: string;
  readonly folder: string;
  /** The key under which the sidecar knows the workspace. */
  readonly workspaceKey: string;
  /** The GGUF file of the model. Empty: the bundled model. */
  readonly modelPath: string;
  readonly maxTokens: number;
  readonly secretFiles: readonly string[];
  /** Learn only new code, on mains power, and if nothing else learns. */
  readonly background?: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (step: string, share: number) => void;
}

/** A line that the process prints: progress, then the result or a failure. */
type Line =
  | Learnt
  | { readonly skipped: SkipReason }
  | { readonly progress: { readonly step: string; readonly share: number } }
  | { readonly error: { readonly message: string } };

/** `chorus learn` in a process of its own, which can pause. */
export class LearnProcess {
  /**
   * Resolves with what was learnt, with the reason if nothing was, or with `undefined` if the signal aborted. Rejects
   * with the process's message.
   */
  readonly outcome: Promise<Learnt | SkipReason | undefined>;
  #write: (word: 'pause' | 'resume') => void = () => undefined;

  constructor(options: LearnProcessOptions) {
    this.outcome = this.#run(options);
  }

  pause(): void {
    this.#write('pause');
  }

  resume(): void {
    this.#write('resume');
  }

  async #run({ signal, onProgress, ...options }: LearnProcessOptions): Promise<Learnt | SkipReason | undefined> {
    const subprocess = execa(process.execPath, argumentsFor(options), {
      reject: false,
      buffer: { stdout: false },
      stdin: 'pipe',
      windowsHide: true,
      extendEnv: false,
      env: nodeEnvironment(),
    });
    this.#lowerPriority(subprocess.pid);
    // Writing to a process that has ended fails, and its end is noticed anyway.
    subprocess.stdin.on('error', () => undefined);
    this.#write = (word) => void subprocess.stdin.write(`${word}\n`);
    // The process ends in order at the end of its input.
    const cancel = (): void => void subprocess.stdin.end();
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    let last: Line | undefined;
    const reader = createInterface({ input: subprocess.stdout }).on('line', (text) => {
      const line = lineOf(text);
      if (!line) return;
      last = line;
      if ('progress' in last) onProgress(last.progress.step, last.progress.share);
    });
    // The process may end before its last line is read.
    const [{ stderr, shortMessage }] = await Promise.all([subprocess, once(reader, 'close')]);
    signal.removeEventListener('abort', cancel);
    if (signal.aborted) return undefined;
    if (last && 'adopted' in last) return last;
    if (last && 'skipped' in last) return last.skipped;
    throw new Error(
      last && 'error' in last
        ? last.error.message
        : stderr.trim() || (shortMessage ?? 'chorus learn ended without a result.'),
    );
  }

  /** The process starts others, which inherit its priority. */
  #lowerPriority(pid: number | undefined): void {
    if (pid === undefined) return;
    try {
      os.setPriority(pid, os.constants.priority.PRIORITY_LOW);
    } catch {
      // The process has ended, or the system forbids it. Then learning works all the same.
    }
  }
}

/** Returns `undefined` for a line that is no JSON object, such as a warning of Node. */
function lineOf(text: string): Line | undefined {
  try {
    const line = parseJson(text);
    return typeof line === 'object' && line !== null ? (line as Line) : undefined;
  } catch {
    return undefined;
  }
}

function argumentsFor({
  cliScript,
  folder,
  workspaceKey,
  modelPath,
  maxTokens,
  secretFiles,
  background,
}: Omit<LearnProcessOptions, 'signal' | 'onProgress'>): readonly string[] {
  return [
    cliScript,
    'learn',
    folder,
    '--json',
    '--events',
    ...(background ? ['--background'] : []),
    '--workspace-key',
    workspaceKey,
    '--tokens',
    String(maxTokens),
    ...(modelPath === '' ? [] : ['--model', modelPath]),
    ...(secretFiles.length === 0 ? [] : ['--secret-files', ...secretFiles]),
  ];
}
