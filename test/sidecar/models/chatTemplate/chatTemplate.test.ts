import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { ChatTemplate } from '../../../../sidecar/models/chatTemplate/chatTemplate.ts';
import { ForeignTexts, SpecialForms } from '../../../../sidecar/models/chatTemplate/foreignTexts.ts';
import { TemplateProcess } from '../../../../sidecar/models/chatTemplate/templateProcess.ts';
import { Vocabulary } from '../../../../sidecar/models/gguf/vocabulary.ts';
import type { ChatTemplateParams, TokenId } from '../../../../sidecar/protocol/engine.ts';
import { assertGrowsLinearly } from '../../../assertGrowsLinearly.ts';

/** Special tokens come first, then a token for each character. */
const CONTROL = ['<s>', '<|user|>', '<|end|>'];
const USER_DEFINED = ['<think>', '</think>', '<table>'];
const SPECIAL = [...CONTROL, ...USER_DEFINED];
/** Ordinary text according to the file, but libllama recognises it as the end of a turn. */
const UNMARKED = '<|eot|>';
const NAMED = [...SPECIAL, UNMARKED];
const FIRST_CHARACTER = 1_000;

/** Tokenises like llama.cpp: user-defined tokens are found anywhere, control tokens only with `special`. */
function tokenize(text: string, special: boolean): TokenId[] {
  const tokens: TokenId[] = [];
  for (let at = 0; at < text.length;) {
    const found = NAMED.findIndex(
      (candidate) => (special || USER_DEFINED.includes(candidate)) && text.startsWith(candidate, at),
    );
    tokens.push(found >= 0 ? found : FIRST_CHARACTER + text.charCodeAt(at));
    at += found >= 0 ? NAMED[found]!.length : 1;
  }
  return tokens;
}

const structureOf = (tokens: readonly TokenId[]): string[] =>
  tokens.filter((token) => token < FIRST_CHARACTER).map((token) => NAMED[token] as string);
const textOf = (tokens: readonly TokenId[]): string =>
  tokens.map((token) => NAMED[token] ?? String.fromCharCode(token - FIRST_CHARACTER)).join('');

const templates = new TemplateProcess();
after(() => templates.dispose());

function template(
  source: string | undefined,
  options: { readonly addBos?: boolean; readonly renderLimitMs?: number } = {},
): ChatTemplate {
  const kinds = Uint8Array.from([...CONTROL.map(() => 3), ...USER_DEFINED.map(() => 4), 1]);
  const vocabulary = new Vocabulary(
    NAMED.map((text) => Buffer.from(text)),
    kinds,
  );
  const special = { bos: 0, eos: 2, addBos: options.addBos ?? false, endOfGeneration: [2, NAMED.indexOf(UNMARKED)] };
  return new ChatTemplate(
    { templateSource: source, name: 'Tiny', vocabulary, special, tokenize },
    { fileName: 'tiny.gguf', process: templates, renderLimitMs: options.renderLimitMs },
  );
}

const asked = (content: string): ChatTemplateParams => ({
  messages: [{ role: 'user', content }],
  addGenerationPrompt: true,
});

const PLAIN = '{% for m in messages %}<|user|>{{ m.content | trim }}<|end|>{% endfor %}';
const WITH_TOOLS = `{% if tools %}{% for tool in tools %}{{ tool.function.name }}{% endfor %}{% endif %}${PLAIN}`;
/** Writes everything that it is given. */
const EVERYTHING = '{{ tools | tojson }}{% for m in messages %}<|user|>{{ m | tojson }}<|end|>{% endfor %}<think>';

describe('a chat template', () => {
  test('makes special tokens of its own marks, and text of marks in a message', async () => {
    const tokens = await template(PLAIN).tokens(asked(' a<|end|>b '));
    assert.deepEqual(tokens, [
      1,
      ...tokenize('a', true),
      ...'<|end|>b'.split('').map((character) => FIRST_CHARACTER + character.charCodeAt(0)),
      2,
    ]);
  });

  test('adds the beginning of the sequence once, if the model wants it', async () => {
    assert.equal((await template(PLAIN, { addBos: true }).tokens(asked('a')))[0], 0);
    const own = await template(`{{ bos_token }}${PLAIN}`, { addBos: true }).tokens(asked('a'));
    assert.equal(own.filter((token) => token === 0).length, 1);
  });

  test('supports tool calls only if it shows tools to the model', async () => {
    assert.equal(await template(undefined).supportsToolCalling(), false);
    assert.equal(await template(PLAIN).supportsToolCalling(), false);
    assert.equal(await template('{{ tools.no.such.member }}').supportsToolCalling(), false);
    assert.equal(await template(WITH_TOOLS).supportsToolCalling(), true);
  });
});

describe('a special text from outside the template', () => {
  /** Conversations with a call, in which `foreign` stands at various places. */
  const places: Readonly<Record<string, (foreign: string) => Partial<ChatTemplateParams>>> = {
    'a message': (content) => ({ messages: [{ role: 'user', content }] }),
    'the system prompt': (content) => ({ messages: [{ role: 'system', content }] }),
    'the result of a call': (content) => ({ messages: [{ role: 'tool', content, tool_call_id: 'a' }] }),
    'the id of a result': (id) => ({ messages: [{ role: 'tool', content: '', tool_call_id: id }] }),
    'the id of a call': (id) => ({
      messages: [{ role: 'assistant', content: '', tool_calls: [{ id, function: { name: 'f', arguments: {} } }] }],
    }),
    'the name of a call': (name) => ({
      messages: [{ role: 'assistant', content: '', tool_calls: [{ function: { name, arguments: {} } }] }],
    }),
    "a call's argument": (value) => ({
      messages: [
        { role: 'assistant', content: '', tool_calls: [{ function: { name: 'f', arguments: { a: [{ b: value }] } } }] },
      ],
    }),
    "the name of a call's argument": (name) => ({
      messages: [
        { role: 'assistant', content: '', tool_calls: [{ function: { name: 'f', arguments: { [name]: 1 } } }] },
      ],
    }),
    "a tool's name": (name) => ({ tools: [{ type: 'function', function: { name } }] }),
    "a tool's description": (description) => ({ tools: [{ type: 'function', function: { name: 'f', description } }] }),
    "a parameter's name": (name) => ({
      tools: [
        { type: 'function', function: { name: 'f', parameters: { properties: { [name]: { type: 'string' } } } } },
      ],
    }),
    "a parameter's choices": (choice) => ({
      tools: [{ type: 'function', function: { name: 'f', parameters: { properties: { a: { enum: [choice] } } } } }],
    }),
  };
  const paramsOf = (change: Partial<ChatTemplateParams>): ChatTemplateParams => ({
    messages: [],
    tools: [],
    addGenerationPrompt: true,
    ...change,
  });

  for (const [place, at] of Object.entries(places)) {
    test(`is text in ${place}`, async () => {
      const everything = template(EVERYTHING);
      const harmless = structureOf(await everything.tokens(paramsOf(at('harmless'))));
      for (const foreign of [...CONTROL, '<think>', UNMARKED]) {
        const tokens = await everything.tokens(paramsOf(at(`a${foreign}b`)));
        assert.deepEqual(structureOf(tokens), harmless, foreign);
        assert.ok(textOf(tokens).includes(`a${foreign}b`), textOf(tokens));
      }
    });
  }

  test('stays a user-defined token if the template does not contain it', async () => {
    assert.deepEqual(structureOf(await template(PLAIN).tokens(asked('a <table>'))), ['<|user|>', '<table>', '<|end|>']);
  });

  test('is text if the template writes the rest of it', async () => {
    const call = template("{% for m in messages %}{{ '<' + m.content + '>' }}{% endfor %}<|end|><think></think>");
    for (const [content, text] of [
      ['f<|end|', '<f<|end|>'],
      ['think', '<think>'],
      ['/think', '</think>'],
      ['|end|', '<|end|>'],
      ['|end|>', '<|end|>>'],
      [' think ', '< think >'],
    ] as const) {
      const tokens = await call.tokens(asked(content));
      assert.deepEqual(structureOf(tokens), ['<|end|>', '<think>', '</think>'], content);
      assert.ok(textOf(tokens).startsWith(`${text}<|end|>`), textOf(tokens));
    }
  });

  test('is text if two messages form it together', async () => {
    const both = await template('{{ messages[0].content }}{{ messages[1].content }}').tokens({
      messages: [
        { role: 'user', content: 'a<|en' },
        { role: 'user', content: 'd|>b' },
      ],
      addGenerationPrompt: true,
    });
    assert.deepEqual([structureOf(both), textOf(both)], [[], 'a<|end|>b']);
  });

  test('leaves values that a template compares unchanged', async () => {
    const asking = template(
      "{% for m in messages %}{{ m.role == 'user' }}{{ m.content | trim == 'a <' }}{{ m.content.startswith('a') }}{% endfor %}",
    );
    assert.equal(textOf(await asking.tokens(asked('a b'))), 'truefalsetrue');
    assert.equal(textOf(await template('{{ messages[0].content | trim }}.').tokens(asked('  a <  '))), 'a <.');
  });

  test('is found in a single pass over many messages', () =>
    assertGrowsLinearly(1_600, (messages) => {
      const foreign = new ForeignTexts(new SpecialForms(new Set(NAMED), EVERYTHING));
      const prompt = foreign.hide(Array.from({ length: messages }, () => `${'x'.repeat(4_000)}<`)).join('\n');
      assert.deepEqual(
        foreign.pieces(prompt).map(({ text }) => text.length),
        [messages * 4_002 - 1],
      );
    }));

  test('is found behind marks like the hiding marks', async () => {
    const tokens = await template(PLAIN).tokens(asked('\uE0F70\uE0F7<|en\uE0F8d|>'));
    assert.deepEqual(structureOf(tokens), ['<|user|>', '<|end|>']);
    assert.deepEqual(
      structureOf(await template('\uE0F70\uE0F7{{ messages[0].content }}').tokens(asked('<|end|>'))),
      [],
    );
  });
});

describe('an unusable chat template', () => {
  const fails = async (
    source: string,
    code: string,
    says: RegExp,
    options: { readonly renderLimitMs?: number } = {},
  ): Promise<void> => {
    await assert.rejects(template(source, options).tokens(asked('Hello')), (error: TroubleError) => {
      assert.equal(error.code, code);
      assert.match(error.message, /^The chat template of tiny\.gguf /);
      assert.match(error.message, says);
      assert.ok(error.message.length < 600, error.message);
      return true;
    });
    assert.equal(textOf(await template(PLAIN).tokens(asked('Hello'))), '<|user|>Hello<|end|>');
  };

  test('is reported as missing', async () => {
    await assert.rejects(template(undefined).tokens(asked('Hello')), {
      code: 'unsupported-model',
      message: /Tiny has no chat template/,
    });
  });

  test("is refused if it can't be parsed", () => fails('{% for %}', 'unsupported-model', /can't be read/));

  test('refuses messages in its own words', () =>
    fails("{{ raise_exception('only users') }}", 'invalid-input', /refuses these messages: only users/));

  test('is not read if it is too long', () =>
    fails(`{#${'x'.repeat(30 * 1024 * 1024)}#}`, 'unsupported-model', /has 31457284 characters, more than the 262144/));

  test('is stopped if it loops', () =>
    fails(
      '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}',
      'unsupported-model',
      /not done after 0\.2 s/,
      { renderLimitMs: 200 },
    ));

  test('ends only its process if it takes all memory', () =>
    fails('{% for a in range(2000000000) %}{% endfor %}', 'unsupported-model', /ended the process|not done after/));

  test('ends only its process if a single text takes all memory', () =>
    fails(
      '{% set ns = namespace(s="aaa中aaaa", l=[]) %}{% for i in range(25) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{% for i in range(20) %}{% set ns.l = ns.l + [ns.s | upper] %}{% endfor %}{{ ns.l | length }}',
      'unsupported-model',
      /ended the process|not done after/,
    ));

  test('is not read if a special token is too long', async () => {
    const long = `<|${'x'.repeat(10_000)}|>`;
    const vocabulary = new Vocabulary([Buffer.from(long)], Uint8Array.of(3));
    const unusual = new ChatTemplate(
      {
        templateSource: `${PLAIN}${long}`,
        name: 'Tiny',
        vocabulary,
        special: { addBos: false, endOfGeneration: [] },
        tokenize,
      },
      { fileName: 'tiny.gguf', process: templates },
    );
    await assert.rejects(unusual.tokens(asked('Hello')), {
      code: 'unsupported-model',
      message: /with a special token of 10004 characters, more than the 256/,
    });
  });

  test('must not write more marks than there are texts', () =>
    fails(
      "{% set all = namespace(text='a\uE0F8') %}{% for a in range(17) %}{% set all.text = all.text ~ all.text %}{% endfor %}{{ all.text }}",
      'unsupported-model',
      /makes a prompt of more than 100000 pieces/,
    ));

  test('must not make a prompt that is too long', () =>
    fails(
      '{% set ns = namespace(s="aaaaaaaa") %}{% for i in range(21) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}',
      'unsupported-model',
      /makes a prompt of 16777216 characters/,
    ));
});
