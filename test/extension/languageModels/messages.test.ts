import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countableText, toGenerateMessages } from '../../../extension/languageModels/messages.ts';

/** Parts as VS Code passes them to a provider: classes with these fields. */
const text = (value: string) => ({ value });
const call = { callId: 'c1', name: 'readFile', input: { path: 'a.ts' } };
const result = { callId: 'c1', content: [text('const a = 1;')] };
const USER = 1;
const ASSISTANT = 2;
const SYSTEM = 3;

describe('messages of vscode.lm', () => {
  it('keep their roles and order', () => {
    const messages = toGenerateMessages([
      { role: SYSTEM, content: [text('Be brief.')] },
      { role: USER, content: [text('Hello'), text(' there')] },
      { role: ASSISTANT, content: [text('Hi')] },
    ]);
    assert.deepEqual(messages, [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hello there' },
      { role: 'assistant', content: 'Hi' },
    ]);
  });

  it("contain tool calls, and tool results as separate messages before the user's words", () => {
    const messages = toGenerateMessages([
      { role: ASSISTANT, content: [text('I look.'), call] },
      { role: USER, content: [result, text('And now?')] },
    ]);
    assert.deepEqual(messages, [
      { role: 'assistant', content: 'I look.', toolCalls: [{ id: 'c1', name: 'readFile', input: { path: 'a.ts' } }] },
      { role: 'tool', content: 'const a = 1;', toolCallId: 'c1' },
      { role: 'user', content: 'And now?' },
    ]);
  });

  it('that consist of tool results add no empty message', () => {
    assert.deepEqual(toGenerateMessages([{ role: USER, content: [result] }]), [
      { role: 'tool', content: 'const a = 1;', toolCallId: 'c1' },
    ]);
  });

  it("take text out of data parts and mention contents that a text model can't see", () => {
    const json = { mimeType: 'application/json', data: new TextEncoder().encode('{"a":1}') };
    const image = { mimeType: 'image/png', data: Uint8Array.of(1) };
    const mark = { mimeType: 'cache_control', data: new TextEncoder().encode('ephemeral') };
    assert.deepEqual(toGenerateMessages([{ role: USER, content: [json, image, mark] }]), [
      { role: 'user', content: '{"a":1}[image/png left out: this model reads text only]' },
    ]);
  });

  it('accept unknown parts', () => {
    assert.deepEqual(toGenerateMessages([{ role: USER, content: [undefined, null, 7, {}, text('ok')] }]), [
      { role: 'user', content: 'ok' },
    ]);
  });
});

describe('countableText', () => {
  it('returns the text, the tool calls and the tool results', () => {
    assert.equal(countableText('plain'), 'plain');
    assert.equal(countableText({ role: ASSISTANT, content: [text('a '), call] }), 'a readFile {"path":"a.ts"}');
    assert.equal(countableText({ role: USER, content: [result] }), 'const a = 1;');
  });
});
