import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { withSharedProcesses } from '../../.scripts/sharedProcesses.ts';

it('small test files share a process, unless they change it or are to stay alone', async () => {
  const root = await mkdtemp(path.join(os.tmpdir(), 'chorus-shared-'));
  const sources = {
    'long.test.ts': 'it();',
    'a.test.ts': 'it();',
    'hook.test.ts': 'import x;\nafter(clean);',
    'home.test.ts': `  ${'process'}.env.HOME = folder;`,
    'b.test.ts': 'describe(() => {\n  after(clean);\n});',
  };
  for (const [name, text] of Object.entries(sources)) await writeFile(path.join(root, name), text);
  const started = await withSharedProcesses(Object.keys(sources), { root, folder: root, alone: ['long.test.ts'] });
  assert.deepEqual(started.slice(0, -1), ['long.test.ts', 'hook.test.ts', 'home.test.ts']);
  const urlOf = (name: string): string => JSON.stringify(pathToFileURL(path.join(root, name)).href);
  assert.equal(
    await readFile(started.at(-1) as string, 'utf8'),
    `import ${urlOf('a.test.ts')};\nimport ${urlOf('b.test.ts')};\n`,
  );
  await rm(root, { recursive: true });
});
