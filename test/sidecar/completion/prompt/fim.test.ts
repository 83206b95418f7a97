import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MOST_TYPED_TOKENS } from '../../../../sidecar/completion/prompt/anchorMemory.ts';
import { composePrompt } from '../../../../sidecar/completion/prompt/composePrompt.ts';
import { fimFamilies } from '../../../../sidecar/completion/prompt/fimFamilies.ts';
import { detectFim } from '../../../../sidecar/completion/prompt/fim.ts';
import type { LoadedModel } from '../../../../sidecar/protocol/engine.ts';
import { ScriptedEngine } from '../scriptedEngine.ts';

async function promptFor(
  vocabulary: readonly string[],
  model: Partial<LoadedModel>,
): Promise<{ family: string | undefined; prompt: string }> {
  const engine = new ScriptedEngine(vocabulary, model);
  const fim = await detectFim(engine, engine.loaded);
  const text = { prefix: 'before ', suffix: '\nafter' };
  const { tokens, requiredPrefix } = await composePrompt({
    engine,
    model: engine.loaded,
    fim,
    text,
    path: 'src/a.py',
    languageId: 'python',
    maxTokens: 1000,
  });
  assert.equal(requiredPrefix, ' ');
  return { family: fim?.family, prompt: await engine.detokenize(tokens) };
}

const starcoderMarks = ['<fim_prefix>', '<fim_suffix>', '<fim_middle>'];
const qwenMarks = ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>'];

const cases: readonly (readonly [
  model: string,
  vocabulary: readonly string[],
  details: Partial<LoadedModel>,
  family: string | undefined,
  prompt: string,
])[] = [
  [
    'Qwen2.5-Coder',
    qwenMarks,
    { architecture: 'qwen2', name: 'Qwen2.5 Coder 0.5B' },
    'qwen-coder',
    '<|fim_prefix|>before<|fim_suffix|>\nafter<|fim_middle|>',
  ],
  [
    'a file named after Qwen3-Coder',
    qwenMarks,
    { architecture: 'qwen3moe', name: '', path: '/m/Qwen3-Coder-30B-A3B.gguf' },
    'qwen-coder',
    '<|fim_prefix|>before<|fim_suffix|>\nafter<|fim_middle|>',
  ],
  [
    'Qwen2.5, which only shares the vocabulary',
    qwenMarks,
    {
      architecture: 'qwen2',
      name: 'Qwen2.5 0.5B',
      special: { addBos: false, endOfGeneration: [], fimPrefix: 1, fimSuffix: 2, fimMiddle: 3 },
    },
    undefined,
    'after\n\nbefore',
  ],
  [
    'StarCoder',
    starcoderMarks,
    { architecture: 'starcoder' },
    'starcoder',
    '<fim_prefix>before<fim_suffix>\nafter<fim_middle>',
  ],
  [
    'StarCoder2',
    [...starcoderMarks, '<file_sep>'],
    { architecture: 'starcoder2' },
    'starcoder2',
    '<file_sep>src/a.py\n<fim_prefix>before<fim_suffix>\nafter<fim_middle>',
  ],
  [
    'Mellum, suffix first',
    [...starcoderMarks, '<filename>'],
    { name: 'Mellum-4b-base' },
    'mellum',
    '<filename>src/a.py\n<fim_suffix>\nafter<fim_prefix>before<fim_middle>',
  ],
  [
    'Codestral, suffix first and no middle mark',
    ['[PREFIX]', '[SUFFIX]'],
    { name: 'Codestral 22B' },
    'codestral',
    '[SUFFIX]\nafter[PREFIX]before',
  ],
  [
    'CodeLlama',
    ['▁<PRE>', '▁<SUF>', '▁<MID>'],
    { name: 'CodeLlama 7B' },
    'codellama',
    '▁<PRE>before▁<SUF>\nafter▁<MID>',
  ],
  [
    'DeepSeek-Coder',
    ['<｜fim▁begin｜>', '<｜fim▁hole｜>', '<｜fim▁end｜>'],
    { name: 'deepseek-coder-1.3b' },
    'deepseek',
    '<｜fim▁begin｜>before<｜fim▁hole｜>\nafter<｜fim▁end｜>',
  ],
  [
    'CodeGemma',
    qwenMarks,
    { architecture: 'gemma', name: 'codegemma-2b' },
    'codegemma',
    '<|fim_prefix|>before<|fim_suffix|>\nafter<|fim_middle|>',
  ],
  [
    'Gemma, which only shares the vocabulary',
    qwenMarks,
    { architecture: 'gemma', name: 'gemma-2b' },
    undefined,
    'after\n\nbefore',
  ],
  [
    'Granite',
    qwenMarks,
    { architecture: 'granite', name: 'granite-4.0-1b-base' },
    'granite',
    '<|fim_prefix|>before<|fim_suffix|>\nafter<|fim_middle|>',
  ],
  [
    'Seed-Coder, suffix first',
    ['<[fim-prefix]>', '<[fim-suffix]>', '<[fim-middle]>'],
    {},
    'seed-coder',
    '<[fim-suffix]>\nafter<[fim-prefix]>before<[fim-middle]>',
  ],
  [
    'a model whose metadata names its marks',
    ['A', 'B', 'C'],
    { special: { addBos: false, endOfGeneration: [], fimPrefix: 0x10000, fimSuffix: 0x10001, fimMiddle: 0x10002 } },
    'metadata',
    'AbeforeB\nafterC',
  ],
  ['a model without marks: the text after the cursor, then the text before it', [], {}, undefined, 'after\n\nbefore'],
];

describe('The prompt of', () => {
  for (const [name, vocabulary, model, family, prompt] of cases) {
    test(name, async () => assert.deepEqual(await promptFor(vocabulary, model), { family, prompt }));
  }
});

test('every family of the table is recognized by its own marks and name', async () => {
  for (const family of fimFamilies) {
    const marks = [family.prefix, family.suffix, ...(family.middle === undefined ? [] : [family.middle])];
    const name =
      { mellum: 'Mellum-4b', starcoder2: 'starcoder2-3b', 'qwen-coder': 'Qwen2.5-Coder' }[family.name] ??
      `${family.name}-model`;
    const engine = new ScriptedEngine(marks, { name });
    assert.equal((await detectFim(engine, engine.loaded))?.family, family.name);
  }
});

test('a prompt begins with the beginning-of-text token if the model wants it', async () => {
  const engine = new ScriptedEngine(['<s>'], { special: { addBos: true, bos: 0x10000, endOfGeneration: [] } });
  const { tokens } = await composePrompt({
    engine,
    model: engine.loaded,
    fim: undefined,
    text: { prefix: 'ab', suffix: '' },
    path: '',
    languageId: 'plaintext',
    maxTokens: 100,
    healing: false,
  });
  assert.equal(await engine.detokenize(tokens), '<s>ab');
});

test('an empty document begins with the token that separates texts', async () => {
  const engine = new ScriptedEngine([], { special: { addBos: false, eos: 7, endOfGeneration: [7] } });
  const { tokens } = await composePrompt({
    engine,
    model: engine.loaded,
    fim: undefined,
    text: { prefix: '', suffix: '' },
    path: '',
    languageId: 'plaintext',
    maxTokens: 100,
  });
  assert.deepEqual(tokens, [7]);
});

test('a text with more tokens than estimated is trimmed from its start, in steps', async () => {
  const engine = new ScriptedEngine();
  const starts = new Set<string>();
  for (let typed = 0; typed < 20; typed++) {
    const prefix = `${Array.from({ length: 60 }, (_, index) => String.fromCharCode(0x4e00 + index)).join('')}${'x'.repeat(typed)} `;
    const { tokens } = await composePrompt({
      engine,
      model: engine.loaded,
      fim: undefined,
      text: { prefix, suffix: '' },
      path: '',
      languageId: 'plaintext',
      maxTokens: 40,
    });
    assert.ok(tokens.length <= 40);
    starts.add((await engine.detokenize(tokens)).slice(0, 1));
  }
  assert.ok(starts.size <= 3, `${starts.size} different starts in 20 keystrokes`);
});

test('the suffix is trimmed from its end, in steps, if a model without marks has too many tokens', async () => {
  const engine = new ScriptedEngine();
  const suffix = `\n${Array.from({ length: 12 }, (_, line) => `line ${line}\n`).join('')}`;
  const heads = new Set<string>();
  for (let typed = 0; typed < 30; typed++) {
    const text = { prefix: `${'before '.repeat(4)}${'x'.repeat(typed)}`, suffix };
    const { tokens } = await composePrompt({
      engine,
      model: engine.loaded,
      fim: undefined,
      text,
      path: 'a.txt',
      languageId: 'plaintext',
      maxTokens: 100,
      healing: false,
    });
    const prompt = await engine.detokenize(tokens);
    assert.ok(tokens.length <= 100);
    assert.ok(prompt.startsWith('line 0\nline 1\n') && prompt.endsWith(text.prefix), prompt);
    heads.add(prompt.slice(0, prompt.indexOf('\n\n')));
  }
  assert.ok(heads.size > 1 && heads.size <= 5, `${heads.size} different suffixes in 30 keystrokes`);
});

test('a model without marks gets the file’s name if it sees only a comment', async () => {
  const engine = new ScriptedEngine();
  const text = { prefix: '# Adds.\n', suffix: '' };
  const { tokens } = await composePrompt({
    engine,
    model: engine.loaded,
    fim: undefined,
    text,
    path: 'src/a.py',
    languageId: 'python',
    maxTokens: 100,
    healing: false,
  });
  assert.equal(await engine.detokenize(tokens), '# a.py\n\n# Adds.\n');
});

test('much text behind the split moves the split to the cursor', async () => {
  const engine = new ScriptedEngine(qwenMarks, { name: 'Qwen2.5-Coder' });
  const fim = await detectFim(engine, engine.loaded);
  const promptWith = async (typed: string): Promise<string> => {
    const { tokens } = await composePrompt({
      engine,
      model: engine.loaded,
      fim,
      text: { prefix: `a = b\n${typed}`, suffix: '\nc' },
      splitAt: 'a = b'.length,
      path: 'a.py',
      languageId: 'python',
      maxTokens: 1_000,
      healing: false,
    });
    return engine.detokenize(tokens);
  };
  assert.equal(await promptWith('d'), '<|fim_prefix|>a = b<|fim_suffix|>\nc<|fim_middle|>\nd');
  const long = 'd'.repeat(MOST_TYPED_TOKENS);
  assert.equal(await promptWith(long), `<|fim_prefix|>a = b\n${long}<|fim_suffix|>\nc<|fim_middle|>`);
});
