import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chatPrompt, parseCommand } from '../../../sidecar/chat/commands/index.ts';

describe('the request of a slash command', () => {
  const small = { engine: 'chorus', sizeBytes: 260_000_000 } as const;
  const large = { engine: 'llama', sizeBytes: 4_700_000_000 } as const;

  it('asks a small model for a short explanation', () => {
    assert.match(chatPrompt('explain', small), /two or three short sentences/);
    assert.match(chatPrompt('explain', large), /step by step/);
  });

  it('does not take a server’s model for a small one', () => {
    assert.match(chatPrompt('explain', { engine: 'server', sizeBytes: 0 }), /step by step/);
  });

  it('is the same for models of all sizes if the command has one request', () => {
    assert.equal(chatPrompt('tests', small), chatPrompt('tests', large));
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
