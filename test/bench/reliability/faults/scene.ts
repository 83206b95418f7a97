import { build } from 'esbuild';
import { execa } from 'execa';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import packageJson from '../../../../package.json' with { type: 'json' };
import { Device } from '../../../../kernels/ggml/device.ts';
import type { ChorusSettings } from '../../../../sidecar/protocol/client.ts';
import { tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';
import { ModelMirror } from '../../../sidecar/shelf/modelMirror.ts';
import type { Answer } from '../../../sidecar/shelf/modelServer.ts';
import { repositoryRoot } from '../../report.ts';
import { processesIn, type RunProcess } from '../soak/processes.ts';
import type { ClientNews, ClientTask } from './client.ts';

/** Large enough for a fault in the middle of a download or an import. */
const LARGE_MODEL_BYTES = 48 * 2 ** 20;
const DOWNLOAD_PIECE_BYTES = 256 * 1024;
const DOWNLOAD_PIECE_MS = 20;

/** The common parts of all cells: the built bundles, a client, and small models. */
export class Stage implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly mirror: ModelMirror,
  ) {}

  static async build(dist = path.join(repositoryRoot, 'dist')): Promise<Stage> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-faults-'));
    await cp(dist, path.join(folder, 'dist'), { recursive: true });
    await symlink(path.join(repositoryRoot, 'node_modules'), path.join(folder, 'node_modules'));
    const banner =
      "import { createRequire as chorusCreateRequire } from 'node:module'; const require = chorusCreateRequire(import.meta.url);";
    await build({
      absWorkingDir: repositoryRoot,
      entryPoints: ['test/bench/reliability/faults/client.ts'],
      outfile: path.join(folder, 'client.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      banner: { js: banner },
    });
    const model = path.join(folder, 'tiny.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(model, {
      variant: 'llama',
      type: 'Q8_0',
      device,
      vocabulary: tinyVocabulary(),
      keys: { context_length: { type: 'u32', value: 4_096 } },
    });
    // The bytes after the weights belong to no tensor, but they are read too.
    await cp(model, path.join(folder, 'large.gguf'));
    await appendFile(path.join(folder, 'large.gguf'), Buffer.alloc(LARGE_MODEL_BYTES));
    return new Stage(folder, await ModelMirror.start(path.join(folder, 'large.gguf'), 'Q8_0', slowly));
  }

  get model(): string {
    return path.join(this.folder, 'tiny.gguf');
  }

  get largeModel(): string {
    return path.join(this.folder, 'large.gguf');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mirror[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const slowly: Answer = (request, response, { content, etag }) => {
  const first = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(first === 0 ? 200 : 206, {
    etag,
    'content-length': content.length - first,
    ...(first > 0 && { 'content-range': `bytes ${first}-${content.length - 1}/${content.length}` }),
  });
  let at = first;
  const timer = setInterval(() => {
    response.write(content.subarray(at, (at += DOWNLOAD_PIECE_BYTES)));
    if (at >= content.length) response.end();
    if (at >= content.length || response.destroyed) clearInterval(timer);
  }, DOWNLOAD_PIECE_MS);
};

/** The place of one cell: its own home, on a small disk if the fault needs one. */
export class Scene implements AsyncDisposable {
  readonly #clients: SceneClient[] = [];

  private constructor(
    readonly stage: Stage,
    readonly folder: string,
    readonly home: string,
    private readonly isMounted: boolean,
    /** The environment of every process of the scene. */
    readonly env: Record<string, string>,
  ) {}

  static async open(
    stage: Stage,
    { diskMebibytes, env = {} }: { readonly diskMebibytes?: number; readonly env?: Record<string, string> } = {},
  ): Promise<Scene> {
    const folder = await mkdtemp(path.join(stage.folder, 'scene-'));
    const home = path.join(folder, 'home');
    await mkdir(home, { mode: 0o700 });
    // A scene's processes are recognised by this folder in their command lines.
    await cp(path.join(stage.folder, 'dist'), path.join(folder, 'dist'), { recursive: true });
    await symlink(path.join(repositoryRoot, 'node_modules'), path.join(folder, 'node_modules'));
    if (diskMebibytes !== undefined)
      await execa('mount', ['-t', 'tmpfs', '-o', `size=${diskMebibytes}m,mode=0700`, 'tmpfs', home]);
    return new Scene(stage, folder, home, diskMebibytes !== undefined, env);
  }

  /** Starts a client that does a step. */
  client(step: ClientTask['step'], { under = [] }: { readonly under?: readonly string[] } = {}): SceneClient {
    const settings: ChorusSettings = {
      modelPath: this.stage.model,
      engine: 'chorus',
      device: 'cpu',
      threads: 1,
      contextSizeTokens: 4_096,
      contexts: { keepOnDisk: true, maxGigabytes: 0.1 },
      downloads: { catalogue: this.stage.mirror.catalogue, mirror: this.stage.mirror.server.origin },
    };
    const task: ClientTask = {
      step,
      sidecarScript: path.join(this.folder, 'dist', 'sidecar.mjs'),
      version: packageJson.version,
      home: this.home,
      env: {},
      settings,
      workspaceKey: 'faults',
      importPath: this.stage.largeModel,
    };
    const client = new SceneClient(
      path.join(this.stage.folder, 'client.mjs'),
      task,
      { ...process.env, ...this.env },
      under,
    );
    this.#clients.push(client);
    return client;
  }

  processes(role?: RunProcess['role']): RunProcess[] {
    return processesIn(this.folder).filter((each) => role === undefined || each.role === role);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.end();
    for (const { pid } of this.processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // The process ended meanwhile.
      }
    }
    if (this.isMounted) await execa('umount', ['--lazy', this.home], { reject: false });
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A client in its own process. */
export class SceneClient {
  readonly process: ChildProcess;
  readonly news: ClientNews[] = [];
  readonly #ended: Promise<void>;

  /** `under` is a command that runs it, such as strace with its options. */
  constructor(script: string, task: ClientTask, env: NodeJS.ProcessEnv, under: readonly string[]) {
    const [command, ...options] = under;
    this.process = fork(script, [], {
      env,
      execArgv: [],
      ...(command !== undefined && { execPath: command, execArgv: [...options, process.execPath] }),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.process.stderr?.resume();
    this.process.on('error', () => undefined);
    this.process.on('message', (news: ClientNews) => this.news.push(news));
    this.#ended = Promise.race([once(this.process, 'close'), once(this.process, 'disconnect')]).then(() => undefined);
    this.process.send(task);
  }

  /** Lets the waiting client continue. */
  goOn(): void {
    if (this.process.connected) this.process.send('go on', () => undefined);
  }

  /** Whether it has reported its outcome, or can't any more. */
  get isOver(): boolean {
    return this.has('done') || this.has('failed') || this.process.exitCode !== null || this.process.signalCode !== null;
  }

  has(kind: ClientNews['kind']): boolean {
    return this.news.some((each) => each.kind === kind);
  }

  /** Resolves with its outcome, or with 'killed' if it could not report one. */
  async outcome(
    limitMs: number,
  ): Promise<Extract<ClientNews, { readonly kind: 'done' | 'failed' }> | 'killed' | 'late'> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), limitMs)));
    const isLate = (await Promise.race([this.#ended, late])) === 'late';
    clearTimeout(timer);
    const last = this.news.findLast((each) => each.kind === 'done' || each.kind === 'failed');
    return last ?? (isLate ? 'late' : 'killed');
  }

  end(): void {
    this.process.kill('SIGKILL');
  }
}

export async function writeClock(file: string, offsetSeconds: number): Promise<void> {
  await writeFile(file, `${offsetSeconds >= 0 ? '+' : ''}${offsetSeconds}\n`);
}
