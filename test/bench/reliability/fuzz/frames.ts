import type { Random } from './random.ts';

const MESSAGES: readonly string[] = [
  '{"jsonrpc":"2.0","id":1,"method":"chorus/status"}',
  '{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"file:///a","version":2},"contentChanges":[{"range":{"start":{"line":0,"character":0},"end":{"line":0,"character":1}},"text":"x"}]}}',
  '{"jsonrpc":"2.0","id":"a","method":"chorus/generate","params":{"messages":[{"role":"user","content":"hello"}],"maxTokens":1}}',
  '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}',
];

/** Returns messages with an error in each. */
export function malformedFrames(random: Random, count: number): string[] {
  return Array.from({ length: count }, () => {
    const text = random.of(MESSAGES);
    const at = random.below(text.length);
    return random.once(2)
      ? text.slice(0, at)
      : `${text.slice(0, at)}${random.of(['{', '"', '\\', ',', 'null', '\u0000', '[[', '9e999'])}${text.slice(at + 1 + random.below(8))}`;
  });
}
