/**
 * Gives the process of a test file a core to itself, so that files run side by side: engines of several threads that
 * share cores wait for one another most of the time. `CHORUS_TEST_CORES` names an empty folder that the processes of a
 * run have in common. Linux only.
 */
import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { isRunning } from '../test/isRunning.ts';

const folder = process.env['CHORUS_TEST_CORES'];
const isTest = isMainThread && process.env['NODE_TEST_CONTEXT'] !== undefined;
// Loaders of TypeScript are for the test's own process: libraries start helpers of theirs, which are JavaScript, with
// what this names.
if (isTest) process.execArgv = [];
// What a test's process starts has its core.
if (folder !== undefined && isTest && os.availableParallelism() > 1) takeCore(folder);

function takeCore(cores: string): void {
  for (let core = 0; core < os.cpus().length; core++) {
    const taken = path.join(cores, String(core));
    if (!isOurs(taken)) continue;
    process.on('exit', () => leave(taken));
    try {
      execFileSync('taskset', ['--pid', '--all-tasks', '--cpu-list', String(core), String(process.pid)], {
        stdio: 'ignore',
      });
    } catch {
      // A container may own some of the machine's cores only.
      continue;
    }
    return;
  }
}

/**
 * Notes this process as the core's owner; one that was killed owns none. The note has its process from the beginning:
 * one that is still empty would be taken from who is writing it.
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

/** Two that find a killed process's core at once may both have it; the later one's note stays until it leaves. */
function leave(taken: string): void {
  if (ownerOf(taken) === process.pid) rmSync(taken, { force: true });
}

/** 0: nobody, or it left this very moment. */
function ownerOf(taken: string): number {
  try {
    return Number(readFileSync(taken, 'utf8'));
  } catch {
    return 0;
  }
}
