import assert from 'node:assert/strict';
import { execa } from 'execa';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PATIENCE_MS } from '../../patience.ts';
import { modelEnvironment, TestHome } from '../front/support/sidecar.ts';
import { Bundles } from './bundles.ts';

let bundles: Bundles;

/**
 * Opens a file, starts the language server, requests completion at the end of the last line, and prints the items as
 * JSON.
 */
const script = (command: readonly string[]): string => `
local client_id = vim.lsp.start_client({ name = 'chorus', cmd = ${luaList(command)}, root_dir = vim.fn.getcwd(), init_options = { settings = { completion = { timeoutMs = 60000 } } } })
vim.lsp.buf_attach_client(0, client_id)
local client = vim.lsp.get_client_by_id(client_id)
assert(vim.wait(30000, function() return client.initialized end, 50), 'the server did not initialize')
local line = vim.api.nvim_buf_line_count(0) - 1
local text = vim.api.nvim_buf_get_lines(0, line, line + 1, true)[1]
vim.api.nvim_win_set_cursor(0, { line + 1, #text })
local params = { textDocument = vim.lsp.util.make_text_document_params(), position = { line = line, character = #text } }
local response = client.request_sync('textDocument/completion', params, 60000, 0)
assert(response, 'no response')
assert(not response.err, vim.inspect(response.err))
io.stdout:write(vim.fn.json_encode(response.result.items))
client.stop()
vim.wait(5000, function() return client.is_stopped() end, 50)
vim.cmd('qa!')
`;

function luaList(items: readonly string[]): string {
  return `{ ${items.map((item) => JSON.stringify(item)).join(', ')} }`;
}

describe('Neovim through chorus lsp --stdio', () => {
  before(async () => {
    bundles = await Bundles.open();
  });
  after(() => bundles[Symbol.asyncDispose]());

  it('completes code', async () => {
    await using home = await TestHome.create();
    const file = path.join(home.folder, 'sample.py');
    const init = path.join(home.folder, 'complete.lua');
    await writeFile(file, 'def add(a, b):\n    return a + b\n\ndef subtract(a, b):\n    return a');
    await writeFile(init, script([process.execPath, bundles.cli, 'lsp', '--stdio']));
    const { stdout } = await execa(
      'nvim',
      ['--headless', '--clean', '-n', file, '-c', 'set noendofline', '-c', `luafile ${init}`, '-c', 'cquit'],
      {
        env: { CHORUS_HOME: home.folder, ...(await modelEnvironment()) },
        timeout: PATIENCE_MS,
      },
    );
    const items = JSON.parse(stdout) as readonly { textEdit: { newText: string } }[];
    assert.match(items[0]?.textEdit.newText ?? '', /a\s*-\s*b/);
  });
});
