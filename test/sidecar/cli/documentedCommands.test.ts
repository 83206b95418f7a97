import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** The words of the command line that name a command, from the sources of all commands. */
function commandWords(): readonly string[] {
  const folder = 'sidecar/cli/commands';
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...read(path.join(folder, file)).matchAll(/\.command\(\s*'(\w+)/g)])
    .map(([, word = '']) => word);
}

describe('docs/command-line.md', () => {
  it('names every command', () => {
    const words = commandWords();
    assert.ok(words.length > 20, `found ${words.length}`);
    const described = [...read('docs/command-line.md').matchAll(/`(?:chorus|models) ([^`]+)`/g)].map(
      ([, text]) => text,
    );
    const missing = words.filter((word) => !described.some((text) => new RegExp(`\\b${word}\\b`).test(text ?? '')));
    assert.deepEqual(missing, []);
  });
});
