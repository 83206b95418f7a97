import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { testedSidecar } from '../front/support/sidecar.ts';

const script = `
  import { writeFile } from 'node:fs/promises';
  import { findOrStart } from ${JSON.stringify(new URL('../../../sidecar/client/launch.ts', import.meta.url).href)};
  const [homeFolder, filler] = process.argv.slice(-2);
  if (filler === 'bytes') await writeFile(homeFolder + '/filler', Buffer.alloc(2e6)).catch(() => undefined);
  const error = await findOrStart({ sidecarScript: ${JSON.stringify(testedSidecar.script)}, execArgv: ${JSON.stringify(testedSidecar.execArgv)}, clientVersion: '1.0.0', homeFolder }).catch((error) => error);
  console.log(JSON.stringify({ code: error.code, message: error.message }));
  process.exit(0);`;

// Bytes are missing when the sidecar writes its state file. A file for the log is missing before it starts.
for (const [what, mountOptions] of [
  ['bytes', 'size=600k'],
  ['files', 'size=600k,nr_inodes=1'],
  ['files but one', 'size=600k,nr_inodes=2'],
] as const) {
  it(`findOrStart reports a full disk with its folder and a remedy: no room for ${what}`, async (test) => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-full-'));
    const mounted = [
      '-rm',
      'sh',
      '-c',
      `mount -t tmpfs -o ${mountOptions},mode=700 tmpfs "${folder}" && exec "$@"`,
      'sh',
    ];
    try {
      if ((await execa('unshare', [...mounted, 'true'], { reject: false })).failed)
        return test.skip('this system lets no test mount a disk of its own');
      const { stdout } = await execa('unshare', [
        ...mounted,
        process.execPath,
        '--import',
        import.meta.resolve('tsx'),
        '--input-type=module',
        '--eval',
        script,
        '--',
        folder,
        what,
      ]);
      const expected = `Chorus cannot use its folder ${folder}: the disk is full. Free some space there, or name a folder on another disk in CHORUS_HOME.`;
      assert.deepEqual(JSON.parse(stdout), { code: 'home-unusable', message: expected });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
