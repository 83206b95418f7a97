import { setTimeout as sleep } from 'node:timers/promises';
import type { InlineCompletionList } from 'vscode-languageserver-protocol';
import {
  CHANGE_NOTIFICATION,
  CLOSE_NOTIFICATION,
  EXIT_NOTIFICATION,
  INLINE_COMPLETION_REQUEST,
  OPEN_NOTIFICATION,
  type ContextItem,
  CHAT_REQUEST,
  CONTEXT_REQUEST,
  CURSOR_NOTIFICATION,
  DIAGNOSTICS_REQUEST,
  EDIT_REQUEST,
  FORGET_WORKSPACE_REQUEST,
  STATUS_REQUEST,
} from '../../../../sidecar/protocol/client.ts';
import type { Random } from '../fuzz/random.ts';
import { SoakClient, type SoakClientOptions } from './client.ts';
import type { Pace } from './pace.ts';
import type { Probes } from './probes.ts';
import type { SoakRecord } from './record.ts';
import { EditedDocument, markOf } from './workspace.ts';

const THINK_MS = 3_000;
/** A document above this size is opened again in its first state. */
const LARGEST_UNITS = 4_000;
const LINES = [
  'const total = items.length;',
  'if (text === undefined) return;',
  'for (const line of lines) {',
  'return text.slice(0, end);',
  'export function trim(text: string): string {',
  '// Ends at the first blank line.',
];
const QUESTIONS = [
  'What does this code do?',
  'Name a better name for this function.',
  'Is there a mistake in it?',
  'Say hello.',
];

type Action =
  | 'completion'
  | 'cancelled completion'
  | 'replace all'
  | 'switch document'
  | 'chat'
  | 'edit'
  | 'question at temperature 0'
  | 'forget'
  | 'status'
  | 'new window';
/** The relative frequencies of a user's actions. */
const WEIGHTS: Readonly<Record<Action, number>> = {
  completion: 40,
  'cancelled completion': 8,
  'replace all': 8,
  'switch document': 10,
  chat: 6,
  edit: 3,
  'question at temperature 0': 8,
  forget: 2,
  status: 6,
  'new window': 2,
};
const DECK = Object.entries(WEIGHTS).flatMap(([action, weight]) =>
  Array.from({ length: weight }, () => action as Action),
);

export interface UserParts {
  readonly name: string;
  readonly others: readonly string[];
  readonly open: SoakClientOptions;
  readonly random: Random;
  readonly record: SoakRecord;
  readonly pace: Pace;
  readonly probes: Probes;
}

/**
 * A person who writes code in a window: types, asks, replaces and goes from file to file. Opens the window again when
 * its connection ends.
 */
export class SoakUser {
  #client: SoakClient | undefined;
  #document: EditedDocument | undefined;

  constructor(private readonly parts: UserParts) {}

  /** Works until the pace's signal is aborted. */
  async work(): Promise<void> {
    const { pace, random } = this.parts;
    try {
      for (;;) {
        await this.#act();
        await pace.think(THINK_MS * (0.3 + random.below(100) / 70));
      }
    } catch (error) {
      if ((error as Error).name !== 'AbortError') throw error;
    } finally {
      this.#client?.drop();
    }
  }

  /** Cuts the connection like a crashing window. */
  drop(): void {
    this.#client?.drop();
  }

  async #act(): Promise<void> {
    const { record, random, open } = this.parts;
    if (!this.#client?.isOpen) {
      this.#client = await record.time('connect', () => SoakClient.open(open));
      if (!this.#client) return;
      this.#openDocument();
    }
    const action = random.of(DECK);
    await record.time(action, () => this.#do(action, this.#client!));
  }

  async #do(action: Action, client: SoakClient): Promise<void> {
    const { probes, record } = this.parts;
    switch (action) {
      case 'completion':
        return this.#complete(client);
      case 'cancelled completion':
        return this.#completeAndCancel(client);
      case 'replace all':
        client.notify(
          CHANGE_NOTIFICATION,
          this.#opened.replaceAll(
            this.parts.random.of(['text', 'line', 'lines', 'const', 'return']),
            this.parts.random.of(['text', 'line', 'lines', 'value']),
          ),
        );
        return this.#complete(client);
      case 'switch document':
        return this.#switchDocument(client);
      case 'chat':
        return this.#chat(client);
      case 'edit':
        return this.#edit(client);
      case 'question at temperature 0': {
        const wrong = await probes.ask(client);
        record.comparedAnswers++;
        if (wrong !== undefined) record.wrong(wrong);
        return;
      }
      case 'forget':
        await client.request(FORGET_WORKSPACE_REQUEST, {});
        return;
      case 'status':
        await client.request(STATUS_REQUEST, {});
        await client.request(DIAGNOSTICS_REQUEST, {});
        return;
      case 'new window':
        client.notify(EXIT_NOTIFICATION, {});
        client.drop();
        return;
    }
  }

  async #complete(client: SoakClient): Promise<void> {
    const document = this.#opened;
    const line = this.parts.random.of(LINES);
    const typed = line.slice(0, 1 + this.parts.random.below(line.length));
    for (let at = 0; at < typed.length; at += 4)
      client.notify(CHANGE_NOTIFICATION, document.insert(typed.slice(at, at + 4)));
    const list = await this.#completion(client);
    const text = list?.items[0]?.insertText;
    if (typeof text !== 'string') return;
    this.#check('completion', text);
    if (this.parts.random.once(2)) client.notify(CHANGE_NOTIFICATION, document.insert(text));
    if (document.text.length > LARGEST_UNITS) this.#openDocument();
  }

  async #completeAndCancel(client: SoakClient): Promise<void> {
    const abort = new AbortController();
    client.notify(CHANGE_NOTIFICATION, this.#opened.insert('\n'));
    const answered = this.#completion(client, abort.signal).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== -32_800) throw error;
    });
    await sleep(this.parts.random.below(200));
    abort.abort();
    await answered;
  }

  #completion(client: SoakClient, signal?: AbortSignal): Promise<InlineCompletionList | null> {
    return client.request(
      INLINE_COMPLETION_REQUEST,
      { textDocument: { uri: this.#opened.uri }, position: this.#opened.position, context: { triggerKind: 2 } },
      signal,
    );
  }

  async #switchDocument(client: SoakClient): Promise<void> {
    this.#openDocument();
    this.#opened.moveCursor(this.parts.random);
    client.notify(CURSOR_NOTIFICATION, { textDocument: { uri: this.#opened.uri }, position: this.#opened.position });
    await client.request(CONTEXT_REQUEST, { uri: this.#opened.uri });
  }

  async #chat(client: SoakClient): Promise<void> {
    const context: readonly ContextItem[] | undefined = this.parts.random.once(2)
      ? [{ kind: 'file', uri: this.#opened.uri, text: this.#opened.text.slice(0, 800) }]
      : undefined;
    const { text } = await client.request(CHAT_REQUEST, {
      conversationId: `talk-${this.parts.random.below(3)}`,
      messages: [{ role: 'user', content: this.parts.random.of(QUESTIONS) }],
      context,
      workspace: this.parts.random.once(3),
    });
    this.#check('chat', text);
  }

  async #edit(client: SoakClient): Promise<void> {
    const target = 'export function sum(a: number, b: number): number {\n  return a + b;\n}';
    const { newText } = await client.request(EDIT_REQUEST, {
      task: 'docs',
      languageId: 'typescript',
      fileName: 'sum.ts',
      target,
      before: '',
      after: '',
    });
    this.#check('edit', newText);
  }

  /** Checks that an answer contains no text of another user. */
  #check(what: string, text: string): void {
    for (const other of this.parts.others)
      if (text.includes(markOf(other)))
        this.parts.record.wrong(`${what} of ${this.parts.name} contains text of ${other}: ${JSON.stringify(text)}`);
  }

  get #opened(): EditedDocument {
    if (!this.#document) this.#openDocument();
    return this.#document!;
  }

  #openDocument(): void {
    const [uri, text] = this.parts.random.of([...this.parts.open.files]);
    if (this.#document) this.#client?.notify(CLOSE_NOTIFICATION, { textDocument: { uri: this.#document.uri } });
    this.#document = new EditedDocument(uri, text);
    this.#client?.notify(OPEN_NOTIFICATION, { textDocument: this.#document.item });
  }
}
