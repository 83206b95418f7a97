/**
 * Keeps each test file's process on one core, so that files can run side by side. Engines of several threads that share
 * cores mostly wait for each other. A core takes a second file if all cores have one, since many files mostly wait.
 * `CHORUS_TEST_CORES` names an empty folder that the processes of a run share. Linux only.
 */
import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { isRunning } from '../test/isRunning.ts';

/** The number of files that a core takes. */
export const FILES_PER_CORE = 2;

const folder = process.env['CHORUS_TEST_CORES'];
const isTest = isMainThread && process.env['NODE_TEST_CONTEXT'] !== undefined;
// TypeScript loaders are only for the test's own process. Libraries pass these arguments to their helper processes,
// which are JavaScript.
if (isTest) process.execArgv = [];
// Child processes inherit the core.
if (folder !== undefined && isTest && os.availableParallelism() > 1) takeCore(folder);

function takeCore(cores: string): void {
  const coreCount = os.cpus().length;
  for (let place = 0; place < coreCount * FILES_PER_CORE; place++) {
    const core = place % coreCount;
    const taken = path.join(cores, String(place));
    if (!isOurs(taken)) continue;
    process.on('exit', () => leave(taken));
    try {
      execFileSync('taskset', ['--pid', '--all-tasks', '--cpu-list', String(core), String(process.pid)], {
        stdio: 'ignore',
      });
    } catch {
      // A container may own only some of the machine's cores.
      continue;
    }
    return;
  }
}

/**
 * Registers this process as the owner of a place on a core, unless a running process owns it. The note contains the
 * process number from its creation. An empty note would look abandoned and could be taken from its writer.
 */
function isOurs(taken: string): boolean {
  const own = `${taken}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    if (isLinked(own, taken)) return true;
    if (isRunning(ownerOf(taken))) return false;
    rmSync(taken, { force: true });
    return isLinked(own, taken);
  } finally {
    rmSync(own);
  }
}

function isLinked(own: string, taken: string): boolean {
  try {
    linkSync(own, taken);
    return true;
  } catch {
    return false;
  }
}

/**
 * Removes the note of this process. If two processes took a killed process's place at once, both use it, and the later
 * note stays until its owner leaves.
 */
function leave(taken: string): void {
  if (ownerOf(taken) === process.pid) rmSync(taken, { force: true });
}

/** Returns the owner, or 0 if there is none or it is leaving at this moment. */
function ownerOf(taken: string): number {
  try {
    return Number(readFileSync(taken, 'utf8'));
  } catch {
    return 0;
  }
}
