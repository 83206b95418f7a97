import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  composeContext,
  filesInRandomOrder,
  generatedFiles,
  type ContextTokenizer,
} from '../../../../sidecar/workshop/retrieval/context.ts';
import { definitionOf, makeConstants } from '../../../../sidecar/workshop/retrieval/facts.ts';
import { generateCode, generateProse } from '../../../../sidecar/workshop/retrieval/generatedTexts.ts';
import { makeNeedleTask } from '../../../../sidecar/workshop/retrieval/needle.ts';
import { makeRecallTask } from '../../../../sidecar/workshop/retrieval/recall.ts';
import { readTextFiles } from '../../../../sidecar/workshop/retrieval/textFiles.ts';
import { Random } from '../../../../sidecar/workshop/train/random.ts';

/** A token per UTF-8 byte, after a beginning-of-sequence token. */
const bytes: ContextTokenizer = { tokenize: async (text) => [...Buffer.from(text)], start: [256] };
const textOf = (tokens: readonly number[]): string => Buffer.from(tokens.filter((token) => token < 256)).toString();
const code = generatedFiles(generateCode);

describe('a context', () => {
  it('begins with the start tokens, and nearly fills its length', async () => {
    const { tokens } = await composeContext(
      { source: code, random: new Random(1), hidden: [], maxTokens: 3_000 },
      bytes,
    );
    assert.equal(tokens[0], 256);
    assert.ok(tokens.length <= 3_000 && tokens.length > 2_850, String(tokens.length));
  });

  it('has each fact once, on its own line, in order and close to its position', async () => {
    const constants = makeConstants(8, new Random(2));
    const hidden = constants.map((constant, index) => ({
      share: (index + 0.5) / 8,
      fact: (ending: string) => definitionOf(constant, ending),
    }));
    const { tokens, facts } = await composeContext(
      { source: code, random: new Random(2), hidden, maxTokens: 8_000 },
      bytes,
    );
    const lines = textOf(tokens).split('\n');
    const places = facts.map(({ statement }) => {
      assert.equal(lines.filter((line) => line === statement).length, 1, statement);
      return lines.indexOf(statement) / lines.length;
    });
    places.forEach((place, index) => assert.ok(Math.abs(place - (index + 0.5) / 8) < 0.08, places.join(', ')));
  });

  it('puts facts between declarations rather than inside them', async () => {
    const [constant] = makeConstants(1, new Random(5)) as [{ name: string; value: string }];
    const { tokens } = await composeContext(
      {
        source: code,
        random: new Random(5),
        hidden: [{ share: 0.5, fact: (ending) => definitionOf(constant, ending) }],
        maxTokens: 6_000,
      },
      bytes,
    );
    assert.match(textOf(tokens), new RegExp(`\n\nconst ${constant.name} = ${constant.value};\nexport `));
  });

  it('is refused with both numbers if there is too little text', async () => {
    const little = filesInRandomOrder([{ ending: '.ts', text: 'export const a = 1;\n' }]);
    await assert.rejects(
      composeContext({ source: little, random: new Random(1), hidden: [], maxTokens: 500 }, bytes),
      /The texts have only 22 tokens, too few for a context of 500\./,
    );
  });

  it('is refused if the facts alone are too long', async () => {
    const hidden = [{ share: 0.5, fact: () => ({ statement: 'x'.repeat(100), question: 'x', value: '1' }) }];
    await assert.rejects(
      composeContext({ source: code, random: new Random(1), hidden, maxTokens: 64 }, bytes),
      /more than the 64 tokens of a context/,
    );
  });
});

describe('a recall task', () => {
  const options = { source: code, length: 4_000, constants: 6, seed: 3 };

  it('depends only on its seed', async () => {
    assert.deepEqual(await makeRecallTask(options, bytes), await makeRecallTask(options, bytes));
    assert.notDeepEqual(
      (await makeRecallTask(options, bytes)).context,
      (await makeRecallTask({ ...options, seed: 4 }, bytes)).context,
    );
  });

  it('asks for each constant once, with the text before its value', async () => {
    const { context, questions } = await makeRecallTask(options, bytes);
    const text = textOf(context);
    assert.equal(new Set(questions.map(({ question }) => question)).size, 6);
    for (const { question, tokens, value } of questions) {
      assert.equal(text.split(`\n${question} ${value};\n`).length, 2, question);
      assert.equal(textOf(tokens), `\n${question}`);
    }
  });

  it('asks in another order than the context', async () => {
    const { context, questions } = await makeRecallTask(options, bytes);
    const places = questions.map(({ question }) => textOf(context).indexOf(question));
    assert.notDeepEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
  });
});

describe('a needle task', () => {
  const prose = generatedFiles(generateProse);

  for (const depth of [0, 25, 50, 75, 100]) {
    it(`hides its fact at ${depth} %, and ends with the question`, async () => {
      const { prompt, question, value } = await makeNeedleTask({ source: prose, length: 6_000, depth, seed: 9 }, bytes);
      const text = textOf(prompt);
      assert.ok(prompt.length <= 6_000);
      assert.ok(text.endsWith(`\n${question}`));
      const lines = text.split('\n');
      const place = lines.indexOf(`${question} ${value}.`) / (lines.length - 3);
      assert.ok(Math.abs(place - depth / 100) < 0.06, String(place));
    });
  }

  it('differs from another depth only in the depth', async () => {
    const sorted = async (depth: number): Promise<readonly string[]> =>
      textOf((await makeNeedleTask({ source: prose, length: 4_000, depth, seed: 9 }, bytes)).prompt)
        .split('\n')
        .sort();
    assert.deepEqual(await sorted(0), await sorted(75));
  });
});

describe('texts of a folder', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-texts-'));
    await mkdir(path.join(folder, 'inner'));
    await writeFile(path.join(folder, 'b.ts'), 'const b = 1;\r\n');
    await writeFile(path.join(folder, 'inner', 'a.py'), 'a = 1\n');
    await writeFile(path.join(folder, 'empty.ts'), ' \n');
    await writeFile(path.join(folder, 'binary'), Buffer.from([1, 0, 2]));
    await writeFile(path.join(folder, 'latin1.txt'), Buffer.from([0x67, 0xfc, 0x6e]));
    await writeFile(path.join(folder, 'minified.js'), 'x'.repeat(10_000));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('are texts written by people, with their file name endings', async () => {
    assert.deepEqual(await readTextFiles(folder), [
      { ending: '.ts', text: 'const b = 1;\n' },
      { ending: '.py', text: 'a = 1\n' },
    ]);
  });

  it('define constants in their language', async () => {
    const source = filesInRandomOrder(
      (await readTextFiles(folder)).map(({ ending }) => ({ ending, text: `${'# a line\n\n'.repeat(60)}` })),
    );
    const { questions } = await makeRecallTask({ source, length: 1_100, constants: 6, seed: 1 }, bytes);
    const [python, typescript] = [
      questions.filter(({ question }) => /^\w+ =$/.test(question)),
      questions.filter(({ question }) => /^const \w+ =$/.test(question)),
    ];
    assert.deepEqual([python.length > 0, typescript.length > 0, python.length + typescript.length], [true, true, 6]);
  });

  it('are refused if the folder is missing or has no text', async () => {
    await assert.rejects(readTextFiles(path.join(folder, 'gone')), /gone can't be read as a folder of texts/);
    const none = path.join(folder, 'none');
    await mkdir(none);
    await writeFile(path.join(none, 'binary'), Buffer.from([1, 0, 2]));
    await assert.rejects(readTextFiles(none), /no text among the 1 files of .*none/);
  });
});
