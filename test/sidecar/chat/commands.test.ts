import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asksForSentence, chatPrompt, parseCommand } from '../../../sidecar/chat/commands/index.ts';

describe('the request of a slash command', () => {
  const small = { engine: 'chorus', sizeBytes: 260_000_000 } as const;
  const large = { engine: 'llama', sizeBytes: 4_700_000_000 } as const;

  const explain = { command: 'explain', words: '' } as const;

  it('asks a small model for the purpose alone', () => {
    assert.match(chatPrompt(explain, small), /its purpose, in one short sentence/);
    assert.equal(asksForSentence(explain, small), true);
    assert.match(chatPrompt(explain, large), /step by step/);
    assert.equal(asksForSentence(explain, large), false);
  });

  it('asks a small model for a short answer if the user adds words', () => {
    assert.match(chatPrompt({ command: 'explain', words: 'the loop' }, small), /two or three short sentences/);
  });

  it('does not take a server’s model for a small one', () => {
    assert.match(chatPrompt(explain, { engine: 'server', sizeBytes: 0 }), /step by step/);
  });

  it('is the same for models of all sizes if the command has one request', () => {
    const tests = { command: 'tests', words: '' } as const;
    assert.equal(chatPrompt(tests, small), chatPrompt(tests, large));
  });
});

describe('parseCommand', () => {
  it('separates a command from the words behind it', () => {
    assert.deepEqual(parseCommand('/explain the loop'), { command: 'explain', text: 'the loop' });
  });

  it('leaves an unknown command in the text', () => {
    assert.deepEqual(parseCommand('/constructor is a property'), { text: '/constructor is a property' });
  });
});
