import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { composePrompt } from '../../../../sidecar/completion/prompt/composePrompt.ts';
import { fileHead, snippetTokens, takesContext } from '../../../../sidecar/completion/prompt/contextFormat.ts';
import { detectFim } from '../../../../sidecar/completion/prompt/fim.ts';
import { ScriptedEngine } from '../scriptedEngine.ts';

const SNIPPET = { path: 'shop/pricing.py', text: 'def gross(net):' };
const HEADED = '# shop/pricing.py\ndef gross(net):\n\n';

interface Case {
  readonly model: string;
  readonly marks: readonly string[];
  readonly architecture?: string;
  readonly is: string;
}

const cases: readonly Case[] = [
  {
    model: 'Qwen2.5-Coder-0.5B',
    marks: ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>', '<|file_sep|>'],
    is: '<|file_sep|>shop/pricing.py\ndef gross(net):\n<|file_sep|>main.py\n<|fim_prefix|>price = <|fim_suffix|>\nprint()<|fim_middle|>',
  },
  {
    model: 'starcoder2-3b',
    marks: ['<fim_prefix>', '<fim_suffix>', '<fim_middle>', '<file_sep>'],
    is: '<file_sep>shop/pricing.py\ndef gross(net):\n<file_sep>main.py\n<fim_prefix>price = <fim_suffix>\nprint()<fim_middle>',
  },
  {
    model: 'Mellum-4b-base',
    marks: ['<fim_prefix>', '<fim_suffix>', '<fim_middle>', '<filename>'],
    is: '<filename>shop/pricing.py\ndef gross(net):\n<filename>main.py\n<fim_suffix>\nprint()<fim_prefix>price = <fim_middle>',
  },
  {
    model: 'deepseek-coder-1.3b',
    marks: ['<｜fim▁begin｜>', '<｜fim▁hole｜>', '<｜fim▁end｜>'],
    is: `<｜fim▁begin｜>${HEADED}# main.py\nprice = <｜fim▁hole｜>\nprint()<｜fim▁end｜>`,
  },
  { model: 'SmolLM2-135M', marks: [], is: `${HEADED}# main.py\nprint()\n\nprice = ` },
];

/** Returns the prompt as text, with the marks in place of single tokens. */
async function promptOf({ model: name, marks }: Case, snippet = SNIPPET): Promise<string> {
  const engine = new ScriptedEngine([...marks, '<filename>main.py\n', '<file_sep>main.py\n', '<|file_sep|>main.py\n'], {
    name,
    path: `/models/${name}.gguf`,
  });
  const fim = await detectFim(engine, engine.loaded);
  const context = await snippetTokens(engine, snippet, fileHead(fim), 'python');
  const prompt = await composePrompt({
    engine,
    model: engine.loaded,
    fim,
    text: { prefix: 'price = ', suffix: '\nprint()' },
    path: 'main.py',
    languageId: 'python',
    maxTokens: 500,
    context,
    healing: false,
  });
  return engine.detokenize(prompt.tokens);
}

describe('a prompt with other files', () => {
  for (const each of cases)
    it(`has the form that ${each.model} knows`, async () => assert.equal(await promptOf(each), each.is));

  it('treats marks in a file’s text as plain text', async () => {
    const [qwen] = cases as [Case];
    const engine = new ScriptedEngine(qwen.marks, { name: qwen.model });
    const tokens = await snippetTokens(
      engine,
      { path: 'a.py', text: '<|fim_prefix|>' },
      fileHead(await detectFim(engine, engine.loaded)),
      'python',
    );
    assert.deepEqual(tokens.filter((token) => token >= 0x10000).length, 1);
  });

  it("names files in the comments of the document's language", async () => {
    const engine = new ScriptedEngine();
    const text = async (languageId: string): Promise<string> =>
      engine.detokenize(await snippetTokens(engine, { path: 'a', text: 'b' }, { kind: 'comment' }, languageId));
    assert.deepEqual(await Promise.all(['go', 'lua', 'css', 'html'].map(text)), [
      '// a\nb\n\n',
      '-- a\nb\n\n',
      '/* a */\nb\n\n',
      '<!-- a -->\nb\n\n',
    ]);
  });

  it('is used only for code', () => {
    assert.deepEqual(['python', 'css', 'markdown', 'json'].map(takesContext), [true, true, false, false]);
  });
});
