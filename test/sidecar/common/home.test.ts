import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ensureHome, homeFolder } from '../../../sidecar/common/home.ts';
import { SidecarError } from '../../../sidecar/common/sidecarError.ts';

describe('the per-user folder', () => {
  it('does not depend on the working folder', () => {
    for (const value of ['', 'x', './state']) {
      assert.ok(
        path.isAbsolute(homeFolder({ XDG_STATE_HOME: value, LOCALAPPDATA: value })),
        `XDG_STATE_HOME=${JSON.stringify(value)}`,
      );
    }
  });

  it('refuses a link, and leaves its target unchanged', { skip: process.platform === 'win32' }, async () => {
    const root = await mkdtemp(path.join(os.tmpdir(), 'chorus-home-'));
    try {
      const [target, link] = [path.join(root, 'target'), path.join(root, 'link')];
      await mkdir(target);
      await chmod(target, 0o755);
      await symlink(target, link);
      await assert.rejects(ensureHome(link), { code: 'home-unusable', message: /it is not a folder/ });
      assert.equal((await stat(target)).mode & 0o777, 0o755);
    } finally {
      await rm(root, { recursive: true });
    }
  });

  describe('on Windows', { skip: process.platform === 'win32' && 'the test replaces the tools of Windows' }, () => {
    const IDENTIFIER = 'S-1-5-21-1-2-3-1001';
    const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
    const environment = { SystemRoot: process.env['SystemRoot'], USERDOMAIN: process.env['USERDOMAIN'] };
    let root: string;
    let folder: string;
    beforeEach(async () => {
      root = await mkdtemp(path.join(os.tmpdir(), 'chorus-acl-'));
      folder = path.join(root, 'made before');
      await mkdir(folder);
      await mkdir(path.join(root, 'System32'));
      Object.assign(process.env, { SystemRoot: root, USERDOMAIN: 'WORKGROUP' });
      Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
    });
    afterEach(async () => {
      Object.defineProperty(process, 'platform', platform);
      for (const [name, value] of Object.entries(environment)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      await rm(root, { recursive: true, force: true });
    });
    const calls = async (): Promise<readonly string[]> =>
      (await readFile(path.join(root, 'calls'), 'utf8')).trim().split('\n');

    /**
     * Writes stand-ins for the system's tools. `icacls` logs its calls and grants access to accounts that match
     * `known`. `whoami` prints `identity`.
     */
    async function tools({ known, identity }: { readonly known: string; readonly identity: string }): Promise<void> {
      const icacls = `#!/bin/sh\nprintf '%s\\n' "$*" >> '${root}/calls'\ncase "$4" in ${known}) exit 0;; esac\necho 'No mapping between account names and security IDs was done.' >&2\nexit 1\n`;
      await writeFile(path.join(root, 'System32', 'icacls.exe'), icacls, { mode: 0o755 });
      await writeFile(path.join(root, 'System32', 'whoami.exe'), `#!/bin/sh\nprintf '%s\\r\\n' '${identity}'\n`, {
        mode: 0o755,
      });
    }

    it('gives access to this user alone', async () => {
      await tools({ known: '*', identity: '' });
      await ensureHome(folder);
      await ensureHome(folder);
      const lines = await calls();
      assert.equal(lines.length, 2);
      for (const line of lines)
        assert.match(line, /made before \/inheritance:r \/grant:r WORKGROUP\\\S+:\(OI\)\(CI\)F/);
    });

    it('gives access by the security identifier if the system does not know the domain, as in a session by SSH', async () => {
      await tools({ known: `'*${IDENTIFIER}:'*`, identity: `"machine\\ada","${IDENTIFIER}"` });
      await ensureHome(folder);
      assert.equal((await calls()).at(-1), `${folder} /inheritance:r /grant:r *${IDENTIFIER}:(OI)(CI)F /q`);
    });

    it('refuses a folder that it can give to no account', async () => {
      for (const identity of ['', `"machine\\ada","${IDENTIFIER}"`]) {
        await tools({ known: 'nobody', identity });
        await assert.rejects(
          ensureHome(folder),
          (error) =>
            error instanceof SidecarError &&
            error.code === 'home-unusable' &&
            /No mapping between account names/.test(error.message),
        );
      }
    });
  });
});
