import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { z } from 'zod';
import { ChatService } from '../../../../sidecar/chat/chatService.ts';
import type { ClientWorkspace } from '../../../../sidecar/workspaceIndex/clientWorkspace.ts';
import { CHAT_REQUEST, type ChatChunk, type ChatParams, type ChatResult } from '../../../../sidecar/protocol/client.ts';
import { Client } from '../../../../sidecar/front/client.ts';
import { handleChat } from '../../../../sidecar/front/handlers/chat.ts';
import type { LspConnection, RequestHandler } from '../../../../sidecar/front/lspConnection.ts';
import { codeFacts } from '../../../../sidecar/syntax/codeFacts.ts';
import { Grammars } from '../../../../sidecar/syntax/grammars.ts';
import type { IndexThread } from '../../../../sidecar/workspaceIndex/indexThread.ts';
import { ScriptedEngine } from '../../completion/scriptedEngine.ts';

const CONTEXT_TOKENS = 32_768;
const grammars = new Grammars(path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm')));

/**
 * A chat of one client with a model that writes a given text. Requests are checked and both ways pass through JSON, as
 * on the wire.
 */
export class ScriptedChat {
  readonly engine: ScriptedEngine;
  readonly client: Client;
  #handle: ((params: unknown, signal: AbortSignal) => Promise<ChatResult>) | undefined;
  #onChunk: (chunk: ChatChunk) => void = () => undefined;

  constructor(files: ClientWorkspace | undefined, answer = 'There.', contextSizeTokens = CONTEXT_TOKENS) {
    this.engine = new ScriptedEngine([], { contextSizeTokens });
    this.engine.answer = () => answer;
    const onRequest = (
      type: typeof CHAT_REQUEST,
      schema: z.ZodType<ChatParams>,
      handle: RequestHandler<ChatParams, ChatResult>,
    ): void => {
      assert.equal(type, CHAT_REQUEST);
      this.#handle = async (params, signal) => handle(schema.parse(params), signal);
    };
    const progress = (_type: unknown, _token: unknown, chunk: ChatChunk): void => this.#onChunk(chunk);
    this.client = new Client(1, { onRequest, progress } as unknown as LspConnection, '');
    this.client.files = files;
    const index = {
      ask: async (method: string, { text, languageId }: { text: string; languageId: string }) => {
        assert.equal(method, 'codeFacts');
        return codeFacts(text, languageId, grammars);
      },
    };
    handleChat(this.client, new ChatService({ session: this.engine.session }), index as Pick<IndexThread, 'ask'>);
  }

  async ask(params: ChatParams, onChunk: (chunk: ChatChunk) => void = () => undefined): Promise<ChatResult> {
    assert.ok(this.#handle);
    this.#onChunk = onChunk;
    const result = await this.#handle(JSON.parse(JSON.stringify(params)), new AbortController().signal);
    return JSON.parse(JSON.stringify(result)) as ChatResult;
  }

  /** The prompt of the model's last answer. */
  get lastPrompt(): Promise<string> {
    return this.engine.promptOf(this.engine.generations.length - 1);
  }
}
