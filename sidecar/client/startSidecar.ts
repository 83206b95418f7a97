import { execa } from 'execa';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeEnvironment } from '../common/childProcess/nodeEnvironment.ts';
import type { Home } from '../common/home.ts';
import { EXIT_DISK_FULL, homeIsFull } from '../common/homeFailure.ts';
import { SidecarError } from '../common/sidecarError.ts';
import { openLaunchLog, readLogTail } from './launchLog.ts';
import type { LaunchOptions } from './launchOptions.ts';
import { Patience } from './patience.ts';
import { ProcessProgress } from './processProgress.ts';
import { readStateFile } from './stateFile.ts';

/** The exit code of a sidecar that found another one running before it began. */
export const EXIT_ALREADY_RUNNING = 3;

/** The exit code of a sidecar that ended in order, because no client came while its starter was stopped. */
const EXIT_LEFT = 0;

/**
 * The process runs for days and computes little, so V8 should collect sooner instead of growing its heaps, those of
 * threads too.
 */
const RUNTIME_OPTIONS = ['--optimize-for-size'];
/** glibc gives each thread an arena that it never returns. Two arenas are enough for threads that allocate little. */
const ALLOCATOR_VARIABLES = { MALLOC_ARENA_MAX: '2' };

const POLL_MS = 50;
const START_TIMEOUT_MS = 30_000;
/** How many times the limit without progress a start may take in all. */
const LONGEST_START_FACTOR = 10;

/** Returns how long a start may take in all, in milliseconds. */
export function longestStartMs({ startTimeoutMs = START_TIMEOUT_MS }: Pick<LaunchOptions, 'startTimeoutMs'>): number {
  return LONGEST_START_FACTOR * startTimeoutMs;
}

/**
 * Starts the process and waits for its state file. Returns false if another sidecar turned out to be running, or if the
 * new sidecar has already ended. Throws `SidecarError` 'start-failed' or 'home-unusable'.
 */
export async function startSidecar(home: Home, options: LaunchOptions): Promise<boolean> {
  const launchId = randomUUID();
  const log = await openLaunchLog(home);
  const logStart = (await log.stat()).size;
  try {
    const subprocess = spawnSidecar(home, options, { launchId, logDescriptor: log.fd });
    const isReady = async (): Promise<boolean> => (await readStateFile(home.stateFile))?.launchId === launchId;
    const end = await waitUntilReady(subprocess, isReady, options);
    if (end === 'ready') return true;
    if (typeof end === 'object') {
      if (end.exitCode === EXIT_ALREADY_RUNNING || end.exitCode === EXIT_LEFT) return false;
      if (end.exitCode === EXIT_DISK_FULL) throw homeIsFull(home.folder);
    } else subprocess.kill('SIGKILL');
    throw new SidecarError(
      'start-failed',
      `The Chorus sidecar could not be started: ${describeEnd(end, options)} Its log is ${home.logFile}.`,
      { detail: await readLogTail(home, logStart) },
    );
  } finally {
    await log.close();
  }
}

/** How a start ended: with a ready process, with an ended process, or at a time limit. */
type StartEnd = 'ready' | 'stuck' | 'slow' | Exit;

/** Waits until the process is ready, ends, makes no progress, or takes too long. */
async function waitUntilReady(
  subprocess: ReturnType<typeof spawnSidecar>,
  isReady: () => Promise<boolean>,
  options: LaunchOptions,
): Promise<StartEnd> {
  let exit: Exit | undefined;
  const exited = subprocess.then((result) => {
    exit = result;
  });
  const progress = new ProcessProgress(subprocess.pid);
  const newPatience = (): Patience => new Patience(options.startTimeoutMs ?? START_TIMEOUT_MS);
  const whole = new Patience(longestStartMs(options));
  for (let stuck = newPatience(); ; await Promise.race([exited, sleep(POLL_MS)])) {
    // A process that ended may have been ready before.
    const ended = exit;
    if (await isReady()) return 'ready';
    if (ended) return ended;
    if (whole.isOver()) return 'slow';
    if (await progress.isMade()) stuck = newPatience();
    else if (stuck.isOver()) return 'stuck';
  }
}

/** Starts the process, which outlives this one. Its output goes into the log. */
function spawnSidecar(
  home: Home,
  { execArgv = [], sidecarScript, headNeedsFile, env }: LaunchOptions,
  { launchId, logDescriptor }: { readonly launchId: string; readonly logDescriptor: number },
) {
  // execa accepts any file descriptor, but its types only know those up to 9.
  const output = logDescriptor as 9;
  const subprocess = execa(
    process.execPath,
    [
      ...RUNTIME_OPTIONS,
      ...execArgv,
      sidecarScript,
      '--home',
      home.folder,
      '--launch-id',
      launchId,
      ...(headNeedsFile === undefined ? [] : ['--head-needs-file', headNeedsFile]),
    ],
    {
      cwd: home.folder,
      detached: true,
      cleanup: false,
      reject: false,
      buffer: false,
      windowsHide: true,
      stdin: 'ignore',
      stdout: output,
      stderr: output,
      extendEnv: false,
      env: nodeEnvironment({ ...ALLOCATOR_VARIABLES, ...env }),
    },
  );
  subprocess.unref();
  return subprocess;
}

/** How a process ended, as execa reports it. */
interface Exit {
  readonly exitCode?: number;
  readonly signal?: string;
  readonly shortMessage?: string;
}

/** Returns sentences for the user, the first without its beginning. */
function describeEnd(end: Exclude<StartEnd, 'ready'>, options: LaunchOptions): string {
  const seconds = longestStartMs(options) / 1000;
  if (end === 'slow')
    return `it was not ready after ${seconds} s. The machine may be busy: end other work, and try again.`;
  if (end === 'stuck')
    return `it made no progress for ${seconds / LONGEST_START_FACTOR} s, so it was ended. Try again.`;
  if (end.signal) return `it was ended by ${end.signal}.`;
  if (end.exitCode !== undefined) return `it ended with exit code ${end.exitCode}.`;
  return `${end.shortMessage ?? 'it could not be run'}.`;
}
