import type { z } from 'zod';
import * as schemas from '../../../../../sidecar/front/schemas.ts';

const textDocument = { uri: 'file:///work/a.ts' };
const position = { line: 1, character: 4 };
const range = { start: { line: 0, character: 1 }, end: { line: 1, character: 2 } };
const item = { ...textDocument, languageId: 'typescript', version: 1, text: 'const a = 1;\r\nconst b = "😀";\n' };
const cell = { uri: 'vscode-notebook-cell:/work/n.ipynb#1', languageId: 'python', version: 1, text: 'import os' };
const notebookDocument = { uri: 'file:///work/n.ipynb', cells: [{ document: cell.uri }] };
const settings = {
  modelPath: '/models/a.gguf',
  threads: 2,
  completion: { maxTokens: 8 },
  chat: { language: 'de', temperature: 0.2 },
  contexts: { keepOnDisk: true },
  server: { url: 'https://example.com/v1', model: 'm' },
  downloads: { network: { noProxy: ['a.example'] } },
};

/** Valid messages of all kinds from clients. */
export const messages: readonly {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
}[] = [
  { method: 'textDocument/didOpen', params: { textDocument: item } },
  {
    method: 'textDocument/didChange',
    params: {
      textDocument: { ...textDocument, version: 2 },
      contentChanges: [
        { range, text: 'x\n' },
        { range: { start: position, end: position }, text: 'y' },
      ],
    },
  },
  {
    method: 'textDocument/didChange',
    params: { textDocument: { ...textDocument, version: 3 }, contentChanges: [{ text: 'all of it\n\n' }] },
  },
  { method: 'textDocument/didClose', params: { textDocument } },
  { method: 'notebookDocument/didOpen', params: { notebookDocument, cellTextDocuments: [cell] } },
  {
    method: 'notebookDocument/didChange',
    params: {
      notebookDocument,
      change: {
        cells: {
          structure: {
            array: { start: 0, deleteCount: 1, cells: [{ document: 'c2' }] },
            didOpen: [cell],
            didClose: [{ uri: 'c1' }],
          },
          textContent: [{ document: { uri: cell.uri, version: 2 }, changes: [{ range, text: 'z' }] }],
        },
      },
    },
  },
  { method: 'notebookDocument/didClose', params: { notebookDocument, cellTextDocuments: [{ uri: cell.uri }] } },
  {
    id: 1,
    method: 'textDocument/inlineCompletion',
    params: { textDocument, position, context: { triggerKind: 2, selectedCompletionInfo: { range, text: 'a' } } },
  },
  {
    id: 2,
    method: 'initialize',
    params: {
      capabilities: { textDocument: { inlineCompletion: {} } },
      rootUri: 'file:///work',
      workspaceFolders: [{ uri: 'file:///work' }],
      initializationOptions: { clientKind: 'fuzz', clientVersion: '1.0.0', workspaceKey: 'w', settings },
    },
  },
  { method: 'workspace/didChangeConfiguration', params: { settings: { chorus: settings } } },
  {
    id: 'a',
    method: 'chorus/chat',
    params: {
      conversationId: 'c',
      messages: [{ role: 'user', content: 'Hello' }],
      command: 'explain',
      context: [{ kind: 'file', uri: 'file:///a', lines: [0, 1], text: 'a' }],
      symbols: ['Cart'],
    },
  },
  {
    id: 3,
    method: 'chorus/edit',
    params: {
      partialResultToken: 't',
      task: 'fix',
      languageId: 'c',
      fileName: 'a.c',
      target: 'int',
      before: '',
      after: '',
      diagnostics: ['d'],
    },
  },
  {
    id: 4,
    method: 'chorus/generate',
    params: {
      messages: [{ role: 'assistant', content: '', toolCalls: [{ id: 'x', name: 'n', input: { a: 1 } }] }],
      tools: [{ name: 'n', description: 'd', inputSchema: { type: 'object' } }],
      temperature: 0,
      stop: ['a'],
    },
  },
  { id: 5, method: 'chorus/commitMessage', params: { diff: '+a', recentMessages: ['Add a'] } },
  { id: 6, method: 'chorus/removeModel', params: { id: 'qwen', quantisation: 'Q4_0' } },
  { id: 7, method: 'chorus/importModel', params: { path: '/a.gguf' } },
  { id: 8, method: 'chorus/forgetWorkspace', params: { workspaceKey: 'w', unlessRules: 'r' } },
  {
    method: 'chorus/workspace/didChangeFiles',
    params: { changed: [{ uri: 'file:///a', path: 'a' }], deleted: ['file:///b'], reset: false },
  },
  { method: 'chorus/workspace/didChangeTabs', params: { uris: ['file:///a'] } },
  { method: 'chorus/completionFeedback', params: { completionId: 'c', kind: 'accepted', acceptedCharacters: 5 } },
  { method: 'chorus/didRestCursor', params: { textDocument, position } },
  { method: '$/cancelRequest', params: { id: 1 } },
  { id: 9, result: { files: [] } },
  { id: 10, method: 'chorus/drain', params: { clientVersion: '1.0.0' } },
  { id: 11, method: 'chorus/unheardOf', params: [] },
  { id: 12, method: 'shutdown' },
  { method: 'exit' },
];

/** Requests whose handlers leave the front. Only their params are checked. */
export const otherRequests: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ['initialize', schemas.initialize],
  ['shutdown', schemas.nothing],
  ['chorus/status', schemas.nothing],
  ['chorus/chat', schemas.chat],
  ['chorus/edit', schemas.edit],
  ['chorus/generate', schemas.generate],
  ['chorus/commitMessage', schemas.commitMessage],
  ['chorus/removeModel', schemas.removeModel],
  ['chorus/importModel', schemas.importModel],
  ['chorus/forgetWorkspace', schemas.forgetWorkspace],
  ['chorus/drain', schemas.drain],
]);

export const otherNotifications: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ['workspace/didChangeConfiguration', schemas.didChangeConfiguration],
  ['chorus/workspace/didChangeFiles', schemas.workspaceChange],
  ['chorus/workspace/didChangeTabs', schemas.workspaceTabs],
  ['chorus/completionFeedback', schemas.completionFeedback],
  ['chorus/didRestCursor', schemas.restingCursor],
]);
