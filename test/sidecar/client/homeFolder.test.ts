import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { ensureHome, homeFolder } from '../../../sidecar/client/home.ts';

describe('the per-user folder', () => {
  it('never depends on the working folder', () => {
    for (const value of ['', 'x', './state']) {
      assert.ok(path.isAbsolute(homeFolder({ XDG_STATE_HOME: value, LOCALAPPDATA: value })), `XDG_STATE_HOME=${JSON.stringify(value)}`);
    }
  });

  it('is given to this user alone on Windows, whoever made it', { skip: process.platform === 'win32' && 'icacls is stood in for here' }, async () => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
    const root = await mkdtemp(path.join(os.tmpdir(), 'chorus-acl-'));
    const calls = path.join(root, 'calls');
    const folder = path.join(root, 'made before');
    await mkdir(folder);
    await mkdir(path.join(root, 'System32'));
    await writeFile(path.join(root, 'System32', 'icacls.exe'), `#!/bin/sh\necho "$@" >> '${calls}'\n`, { mode: 0o755 });
    process.env['SystemRoot'] = root;
    Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
    try {
      await ensureHome(folder);
      await ensureHome(folder);
      const lines = (await readFile(calls, 'utf8')).trim().split('\n');
      assert.equal(lines.length, 2);
      for (const line of lines) assert.match(line, /made before \/inheritance:r \/grant:r \S+:\(OI\)\(CI\)F/);
    } finally {
      Object.defineProperty(process, 'platform', platform);
      delete process.env['SystemRoot'];
      await rm(root, { recursive: true, force: true });
    }
  });
});
