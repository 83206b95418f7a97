import { execa } from 'execa';
import { mkdir, open, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { contextSetName } from '../../../../sidecar/keptContexts/workspaceKey.ts';
import { workerOf, type Fault, type Step } from './cells.ts';
import { writeClock, type Scene, type SceneClient } from './scene.ts';

const FAKE_TIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
/** More than the 512 MB that downloads leave free. */
const DISK_MEBIBYTES = 580;
/** Steps in which the client is traced from its beginning, with all processes that it starts. */
const FAILING_FROM_START: readonly Step[] = ['start', 'publish', 'load'];
/** The memory that a process may use beyond its use at the time of the fault. */
const SPARE_MEMORY_BYTES = 2 * 2 ** 20;
/** Less than Node needs to start. Linux ends a process that has no more. */
const START_MEMORY_BYTES = 24 * 2 ** 20;
const FAILING_MS = 8_000;
const MEMORY_GROUPS = '/sys/fs/cgroup/memory';
const straceOf = (scene: Scene): string[] => ['strace', '-f', '-qq', '-o', path.join(scene.folder, 'strace.log')];

/** Returns the options of a scene for a fault. */
export function sceneOptions(
  fault: Fault,
  clockFile: string,
): { readonly diskMebibytes?: number; readonly env?: Record<string, string> } {
  if (fault.kind === 'full disk') return { diskMebibytes: DISK_MEBIBYTES };
  // Timers use the monotonic clock, which is never set. Times of files are the kernel's.
  if (fault.kind === 'clock')
    return {
      env: {
        LD_PRELOAD: FAKE_TIME,
        FAKETIME_TIMESTAMP_FILE: clockFile,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        DONT_FAKE_MONOTONIC: '1',
        NO_FAKE_STAT: '1',
      },
    };
  return {};
}

/** Returns the command that runs a client of the scene, so that its sidecar has the fault from its beginning. */
export function clientUnder(step: Step, fault: Fault, scene: Scene): readonly string[] {
  if (fault.kind !== 'I/O error' || !FAILING_FROM_START.includes(step)) return [];
  if (step === 'load') return [...straceOf(scene), '-P', scene.stage.model, '-e', 'inject=read,pread64:error=EIO'];
  // Then only the state file gets its name by a rename.
  if (step === 'publish') return [...straceOf(scene), '-e', 'inject=rename,renameat,renameat2:error=EIO'];
  return [...straceOf(scene), '-P', path.join(scene.home, 'sidecar.log'), '-e', 'inject=openat:error=EIO'];
}

/** Causes the fault. Resolves when it is over. */
export async function inject(
  step: Step,
  fault: Fault,
  scene: Scene,
  client: SceneClient | undefined,
  clockFile: string,
): Promise<void> {
  switch (fault.kind) {
    case 'kill':
      return signal(scene, client, fault.role, 'SIGKILL');
    case 'stop':
      signal(scene, client, fault.role, 'SIGSTOP');
      await sleep(fault.seconds * 1_000);
      return signal(scene, client, fault.role, 'SIGCONT');
    case 'clock':
      return writeClock(clockFile, fault.offsetSeconds);
    case 'full disk':
      return fill(scene.home);
    case 'memory limit':
      return limitMemory(step, scene);
    case 'I/O error':
      return failInput(step, scene);
  }
}

/** Restores the machine's state. */
export async function mend(fault: Fault, scene: Scene): Promise<void> {
  if (fault.kind === 'full disk') await rm(path.join(scene.home, 'filler'), { force: true });
  if (fault.kind !== 'memory limit') return;
  for (const { pid } of scene.processes())
    await execa('prlimit', ['--pid', String(pid), '--data=unlimited:'], { reject: false });
  await rmdir(path.join(MEMORY_GROUPS, path.basename(scene.folder))).catch(() => undefined);
}

function signal(
  scene: Scene,
  client: SceneClient | undefined,
  role: 'front' | 'engine' | 'client',
  name: NodeJS.Signals,
): void {
  const pids =
    role === 'client'
      ? [client?.process.pid].filter((pid) => pid !== undefined)
      : scene.processes(role).map(({ pid }) => pid);
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // The process ended meanwhile.
    }
  }
}

async function fill(folder: string): Promise<void> {
  const handle = await open(path.join(folder, 'filler'), 'a');
  try {
    for (const bytes of [4 * 2 ** 20, 4096, 1]) {
      const block = Buffer.alloc(bytes);
      while (
        await handle.write(block).then(
          ({ bytesWritten }) => bytesWritten === bytes,
          () => false,
        )
      );
    }
  } finally {
    await handle.close();
  }
}

async function limitMemory(step: Step, scene: Scene): Promise<void> {
  const [worker] = scene.processes(workerOf(step));
  if (!worker) return;
  if (step === 'start' || step === 'publish') return limitGroup(worker.pid, START_MEMORY_BYTES, scene);
  const dataKibibytes = Number(
    /VmData:\s+(\d+)/.exec(await readFile(`/proc/${worker.pid}/status`, 'utf8').catch(() => ''))?.[1] ?? 0,
  );
  const limit = dataKibibytes * 1_024 + SPARE_MEMORY_BYTES;
  await execa('prlimit', ['--pid', String(worker.pid), `--data=${limit}:`], { reject: false });
}

/** Limits memory by a control group (version 1). */
async function limitGroup(pid: number, bytes: number, scene: Scene): Promise<void> {
  const group = path.join(MEMORY_GROUPS, path.basename(scene.folder));
  await mkdir(group);
  await writeFile(path.join(group, 'memory.limit_in_bytes'), String(bytes));
  // Memory allocated before belongs to the former group.
  await writeFile(path.join(group, 'memory.move_charge_at_immigrate'), '3').catch(() => undefined);
  await writeFile(path.join(group, 'cgroup.procs'), String(pid)).catch(() => undefined);
}

/** Returns whether the fault happened. The process may have made no failing call. */
export async function hasHappened(fault: Fault, scene: Scene): Promise<boolean> {
  return (
    fault.kind !== 'I/O error' ||
    (await readFile(path.join(scene.folder, 'strace.log'), 'utf8').catch(() => '')).includes('(INJECTED)')
  );
}

/** Makes the input of the process that does the step's work fail for some seconds, with that of its child processes. */
async function failInput(step: Step, scene: Scene): Promise<void> {
  const traced = scene.processes(workerOf(step));
  if (FAILING_FROM_START.includes(step) || traced.length === 0) return;
  const { calls, file } = failingCalls(step, scene);
  const [strace, ...parameters] = straceOf(scene) as [string, ...string[]];
  const tracing = execa(
    strace,
    [
      ...parameters,
      ...traced.flatMap(({ pid }) => ['-p', String(pid)]),
      ...(file === undefined ? [] : ['-P', file]),
      '-e',
      `inject=${calls}:error=EIO`,
    ],
    { reject: false },
  );
  while (!(await isAttached(step, scene))) await sleep(50);
  await Promise.race([tracing, sleep(FAILING_MS)]);
  tracing.kill('SIGINT');
  await tracing;
}

/** Returns whether the process that does the step's work is traced, or gone. */
export async function isAttached(step: Step, scene: Scene): Promise<boolean> {
  if (FAILING_FROM_START.includes(step)) return true;
  return (await Promise.all(scene.processes(workerOf(step)).map(({ pid }) => isTraced(pid)))).every(Boolean);
}

async function isTraced(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  return status === undefined || !/TracerPid:\s+0$/m.test(status);
}

function failingCalls(step: Step, scene: Scene): { readonly calls: string; readonly file?: string } {
  const models = path.join(scene.home, 'models');
  switch (step) {
    case 'keep':
      return { calls: 'fsync,fdatasync' };
    case 'download':
      return { calls: 'write,pwrite64', file: path.join(models, 'smollm2-135m', 'large.gguf.part') };
    case 'import':
      return { calls: 'write,pwrite64', file: path.join(models, 'imported', 'large.gguf.part') };
    default:
      return { calls: 'rmdir,unlink,unlinkat', file: path.join(scene.home, 'contexts', contextSetName('faults')) };
  }
}

/** Returns whether the step has reached the moment for the fault. */
export async function isAtMoment(step: Step, fault: Fault, scene: Scene, client: SceneClient): Promise<boolean> {
  switch (step) {
    case 'start':
      // The disk is full before the first write.
      return fault.kind === 'full disk' || fault.kind === 'I/O error' || scene.processes('front').length > 0;
    case 'publish':
      return fault.kind === 'full disk' || fault.kind === 'memory limit'
        ? scene.processes('front').length > 0
        : fault.kind === 'I/O error' || (await readdir(scene.home)).some((name) => name.startsWith('sidecar.json'));
    case 'load':
      return fault.kind === 'I/O error' || scene.processes('engine').length > 0;
    default:
      return client.has('working');
  }
}

/** Returns whether the engine writes a context, or has written one. */
export async function isKeeping(scene: Scene): Promise<boolean> {
  return (await readdir(path.join(scene.home, 'contexts', contextSetName('faults'))).catch(() => [])).length > 0;
}
