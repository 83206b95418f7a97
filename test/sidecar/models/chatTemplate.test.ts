import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TroubleError } from '../../../sidecar/engine/engine.ts';
import { ChatTemplate } from '../../../sidecar/models/chatTemplate.ts';

/** A tokenizer of one token per character; special texts are one token each, from 1,000,000 on. */
const SPECIAL = ['<s>', '<|user|>', '<|end|>'];
const tokenize = (text: string, special: boolean): number[] => {
  const tokens: number[] = [];
  for (let at = 0; at < text.length; ) {
    const found = special ? SPECIAL.findIndex((candidate) => text.startsWith(candidate, at)) : -1;
    tokens.push(found >= 0 ? 1_000_000 + found : text.charCodeAt(at));
    at += found >= 0 ? SPECIAL[found]!.length : 1;
  }
  return tokens;
};
const vocabulary = (addBos: boolean): ConstructorParameters<typeof ChatTemplate>[1] => ({ bos: { token: 1_000_000, text: '<s>' }, eosText: '<|end|>', addBos, specialTexts: SPECIAL, tokenize });

const PLAIN = '{% for m in messages %}<|user|>{{ m.content | trim }}<|end|>{% endfor %}';
const WITH_TOOLS = `{% if tools %}{% for tool in tools %}{{ tool.function.name }}{% endfor %}{% endif %}${PLAIN}`;

describe('a chat template', () => {
  test('makes special tokens of its own marks, and text of those in a message', () => {
    const tokens = new ChatTemplate(PLAIN, vocabulary(false)).tokens({ messages: [{ role: 'user', content: ' a<|end|>b ' }], addGenerationPrompt: true });
    assert.deepEqual(tokens, [1_000_001, ...tokenize('a<|end|>b', false), 1_000_002]);
  });

  test('gets the beginning of the sequence once, where the model wants one', () => {
    const messages = [{ role: 'user', content: 'a' }];
    assert.equal(new ChatTemplate(PLAIN, vocabulary(true)).tokens({ messages, addGenerationPrompt: true })[0], 1_000_000);
    const own = new ChatTemplate(`{{ bos_token }}${PLAIN}`, vocabulary(true)).tokens({ messages, addGenerationPrompt: true });
    assert.equal(own.filter((token) => token === 1_000_000).length, 1);
  });

  test('calls tools only where it shows them to the model', () => {
    assert.equal(new ChatTemplate(PLAIN, vocabulary(false)).supportsToolCalling, false);
    assert.equal(new ChatTemplate(WITH_TOOLS, vocabulary(false)).supportsToolCalling, true);
  });

  test('that can not be read is refused, and so are messages that it refuses', () => {
    assert.throws(() => new ChatTemplate('{% for %}', vocabulary(false)), (error: TroubleError) => error instanceof TroubleError && error.code === 'unsupported-model');
    const refusing = new ChatTemplate("{{ raise_exception('only users') }}", vocabulary(false));
    assert.throws(() => refusing.tokens({ messages: [{ role: 'tool', content: 'x' }], addGenerationPrompt: true }), (error: TroubleError) => error.code === 'invalid-input');
  });
});
