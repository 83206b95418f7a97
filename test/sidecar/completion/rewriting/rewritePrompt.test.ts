import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rewritePrompt } from '../../../../sidecar/completion/rewriting/rewritePrompt.ts';

const edit = { start: 0, end: 0, before: '  a(old);', after: '  a(young);' };

describe('the prompt for a line that is written anew', () => {
  it('shows the edit as lines before and after, and the line as it is', () => {
    assert.equal(
      rewritePrompt([edit], '    b(old);', 'typescript'),
      '// Before\n  a(old);\n// After\n  a(young);\n\n// Before\n    b(old);\n// After\n',
    );
  });

  it('marks lines by comments of the language', () => {
    assert.match(rewritePrompt([edit], 'b', 'python'), /^# Before\n/);
    assert.match(rewritePrompt([edit], 'b', 'css'), /^\/\* Before \*\/\n/);
    assert.match(rewritePrompt([edit], 'b', 'html'), /^<!-- Before -->\n/);
  });

  it('shows several edits in the order in which they are given', () => {
    const other = { ...edit, before: 'first', after: 'second' };
    assert.match(rewritePrompt([other, edit], 'b', 'go'), /first\n\/\/ After\nsecond\n\n\/\/ Before\n {2}a\(old\);/);
  });
});
