import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { edited, type MarkedFiles } from '../scenario.ts';

const completed = async (files: MarkedFiles): Promise<Readonly<Record<string, string>>> =>
  (await edited(files, { kind: 'table' })).after;

describe('a column of one row suggests it for the others', () => {
  it('of an HTML table', async () => {
    const marked =
      '<table>\n  <tr>\n    <th>A</th>\n«|    <th>B</th>\n»  </tr>\n  <tr>\n    <td class="x">{{ a }}</td>\n  </tr>\n</table>\n';
    const after =
      '<table>\n  <tr>\n    <th>A</th>\n    <th>B</th>\n  </tr>\n  <tr>\n    <td class="x">{{ a }}</td>\n    <td class="x"></td>\n  </tr>\n</table>\n';
    assert.deepEqual(await completed({ 'a.html': marked }), { 'a.html': after });
  });

  it('that was removed from an HTML table', async () => {
    const marked = '<table><tr><th>A</th>«<th>B</th>|»</tr><tr><td>1</td><td>2</td></tr></table>';
    assert.deepEqual(await completed({ 'a.html': marked }), {
      'a.html': '<table><tr><th>A</th></tr><tr><td>1</td></tr></table>',
    });
  });

  it('of a Markdown table', async () => {
    assert.deepEqual(await completed({ 'a.md': '| a |«| b |»\n|---|\n| 1 |\n' }), {
      'a.md': '| a | b |\n|---|---|\n| 1 |   |\n',
    });
  });

  it('but not for a changed cell', async () => {
    assert.deepEqual(await completed({ 'a.md': '| «a|b» | c |\n|---|---|\n' }), {});
  });
});
