import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat, utimes } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { expireFutureLock } from '../../../sidecar/common/futureLock.ts';
import { homeFiles } from '../../../sidecar/common/home.ts';
import { tryLock } from '../../../sidecar/client/startLock.ts';

const STALE_MS = 5_000;
const HOUR_MS = 3_600_000;
let folder: string;
let lock: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-lock-'));
  lock = homeFiles(folder).lockFolder;
  await mkdir(lock);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const date = (fromNowMs: number): Promise<void> => utimes(lock, new Date(), new Date(Date.now() + fromNowMs));
const isExpired = async (): Promise<boolean> => (await stat(lock)).mtimeMs === 0;

describe('expireFutureLock', () => {
  it('expires a lock whose date in the future has not changed for the stale time', async ({ mock }) => {
    let nowMs = 0;
    mock.method(performance, 'now', () => nowMs);
    await date(HOUR_MS);
    await expireFutureLock(lock, STALE_MS);
    nowMs = STALE_MS;
    await expireFutureLock(lock, STALE_MS);
    assert.equal(await isExpired(), false);
    nowMs = STALE_MS + 1;
    await expireFutureLock(lock, STALE_MS);
    assert.equal(await isExpired(), true);
  });

  it('keeps a lock whose holder updates the date', async ({ mock }) => {
    let nowMs = 0;
    mock.method(performance, 'now', () => nowMs);
    for (; nowMs < 10 * STALE_MS; nowMs += STALE_MS / 5) {
      await date(HOUR_MS + nowMs);
      await expireFutureLock(lock, STALE_MS);
    }
    assert.equal(await isExpired(), false);
  });

  it('keeps a lock that had a present date in between', async ({ mock }) => {
    let nowMs = 0;
    mock.method(performance, 'now', () => nowMs);
    for (const fromNowMs of [HOUR_MS, -10, HOUR_MS]) {
      await date(fromNowMs);
      await expireFutureLock(lock, STALE_MS);
      nowMs += STALE_MS + 1;
    }
    assert.equal(await isExpired(), false);
  });

  it('lets another client take the lock of a dead holder', async ({ mock }) => {
    let nowMs = 0;
    mock.method(performance, 'now', () => nowMs);
    await date(HOUR_MS);
    assert.equal(await tryLock(homeFiles(folder)), undefined);
    nowMs = STALE_MS + 1;
    assert.equal(await tryLock(homeFiles(folder)), undefined);
    const release = await tryLock(homeFiles(folder));
    assert.ok(release);
    await release();
  });
});
