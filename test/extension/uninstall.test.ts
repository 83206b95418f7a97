import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { findOrStart, type Attachment } from '../../sidecar/client/launch.ts';
import { PATIENCE_MS } from '../patience.ts';
import { testedSidecar } from '../sidecar/front/support/sidecar.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const tsx = ['--import', import.meta.resolve('tsx')];

async function uninstall(home: string): Promise<void> {
  await execa(process.execPath, [...tsx, path.join(root, 'extension/uninstall.ts')], { env: { CHORUS_HOME: home } });
}

describe('the uninstall hook', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-uninstall-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('stops the sidecar, even with connected clients, and removes its folder', async () => {
    const home = path.join(folder, 'home');
    const { socket, state } = await findOrStart({
      sidecarScript: testedSidecar.script,
      execArgv: testedSidecar.execArgv,
      clientVersion: '0.1.0',
      homeFolder: home,
      startTimeoutMs: PATIENCE_MS,
    });
    const closed = once(socket, 'close');
    await uninstall(home);
    await closed;
    assert.equal(existsSync(home), false);
    await assert.rejects(fetch(`http://127.0.0.1:${state.port}/`), 'nothing listens any more');
  });

  describe('if another product has the extension', () => {
    let home: string;
    let other: string;
    beforeEach(async () => {
      home = path.join(folder, 'home');
      other = path.join(folder, 'cursor', 'chorus-0.1.0');
      await mkdir(other, { recursive: true });
      await writeFile(path.join(other, 'package.json'), '{}');
      await mkdir(path.join(home, 'models'), { recursive: true });
    });
    afterEach(async () => {
      await rm(other, { recursive: true, force: true });
      await uninstall(home);
    });

    /** A window of the other product, which uses this script as the sidecar. */
    const connect = (sidecarScript: string): Promise<Attachment> =>
      findOrStart({
        sidecarScript,
        execArgv: testedSidecar.execArgv,
        clientVersion: '0.1.0',
        homeFolder: home,
        extensionFolder: other,
        startTimeoutMs: PATIENCE_MS,
      });

    it('leaves everything until the other product removes it too', async () => {
      const script = path.join(other, 'sidecar.mjs');
      await writeFile(script, `import ${JSON.stringify(pathToFileURL(testedSidecar.script).href)};\n`);
      const { socket } = await connect(script);
      await uninstall(home);
      assert.ok(existsSync(path.join(home, 'models')));
      assert.equal(socket.readyState, socket.OPEN);
      await rm(other, { recursive: true });
      const closed = once(socket, 'close');
      await uninstall(home);
      await closed;
      assert.equal(existsSync(home), false);
    });

    it(
      'stops a sidecar that runs from the removed folder, and leaves the rest',
      { skip: !testedSidecar.script.startsWith(root) && 'the tested sidecar lies elsewhere' },
      async () => {
        const { socket } = await connect(testedSidecar.script);
        const closed = once(socket, 'close');
        await uninstall(home);
        await closed;
        assert.ok(existsSync(path.join(home, 'models')));
      },
    );
  });

  it('removes the folder if no sidecar runs, and accepts that there is no folder', async () => {
    const home = path.join(folder, 'home');
    await mkdir(home);
    await writeFile(path.join(home, 'sidecar.log'), 'x');
    for (const file of ['speeds.json', 'headNeeds.json', 'headNeeds.json.0f.tmp'])
      await writeFile(path.join(home, file), '[]');
    await mkdir(path.join(home, 'contexts', 'workspace'), { recursive: true });
    await writeFile(path.join(home, 'contexts', 'workspace', 'a.rows'), 'x');
    await uninstall(home);
    assert.equal(existsSync(home), false);
    await uninstall(home);
  });

  it('leaves files that Chorus did not write', async () => {
    const home = path.join(folder, 'home');
    await mkdir(home);
    await writeFile(path.join(home, 'sidecar.log'), 'x');
    await writeFile(path.join(home, 'thesis.txt'), 'x');
    await uninstall(home);
    assert.equal(existsSync(path.join(home, 'sidecar.log')), false);
    assert.ok(existsSync(path.join(home, 'thesis.txt')));
  });
});
