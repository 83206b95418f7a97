import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { StatisticsCounter } from '../../../sidecar/completion/statistics.ts';
import type { CompletionRequest } from '../../../sidecar/completion/request.ts';
import type { ServerSettings } from '../../../sidecar/protocol/client.ts';
import { parseServerAddress } from '../../../sidecar/remoteServers/serverAddress.ts';
import { ServerConnection } from '../../../sidecar/remoteServers/serverConnection.ts';
import { serverFetch } from '../../../sidecar/remoteServers/serverFetch.ts';
import { ServerUnavailableError } from '../../../sidecar/remoteServers/serverErrors.ts';
import { listServerModels } from '../../../sidecar/remoteServers/serverModels.ts';
import { ServerServices } from '../../../sidecar/front/serverServices.ts';
import type { RealServer } from './realServer.ts';

const CODE = 'function add(a, b) {\n  return a + b;\n}\n\nfunction subtract(a, b) {\n  return ';
/** The time after which a cancelled generation has ended, if it stops at all. */
const WATCHED_MS = 4_000;
/** The maximum share of processor time while the server is watched. */
const IDLE_SHARE = 0.25;

interface CheckSubject {
  readonly server: RealServer;
  readonly model: string;
  readonly key: string | undefined;
}

export interface Check {
  readonly name: string;
  /** Runs the check and returns the observation. Throws if it fails. */
  readonly run: (subject: CheckSubject) => Promise<string>;
}

const services = ({ server, model, key }: CheckSubject, settings: Partial<ServerSettings> = {}): ServerServices =>
  new ServerServices({
    settings: { url: server.options.url, model, ...(key ? { key } : {}), ...settings },
    statistics: new StatisticsCounter(),
    onChange: () => undefined,
  });

const completion = (text: string, timeoutMs = 120_000): CompletionRequest => ({
  uri: 'file:///a.js',
  languageId: 'javascript',
  text,
  offset: text.length,
  explicit: false,
  clientKey: 'bench',
  settings: { timeoutMs, minDebounceMs: 0 },
});
const never = new AbortController().signal;

/** The checks of both servers, through the services that the editor's requests use. */
export const checks: readonly Check[] = [
  {
    name: 'lists its models',
    run: async ({ server, key, model }) => {
      const address = parseServerAddress(server.options.url);
      const models = await listServerModels(new ServerConnection({ address, key, fetch: serverFetch({ address }) }));
      assert.ok(
        models.some(({ id }) => id === model),
        `${model} is not among ${models.map(({ id }) => id).join(', ')}`,
      );
      return `${models.length}`;
    },
  },
  {
    name: 'completes code in a line',
    run: async (subject) => {
      const [first] = await services(subject).completions.complete(completion(CODE), never);
      assert.match(first?.text ?? '', /\S/);
      assert.doesNotMatch(first?.text ?? '', /\n/);
      return `\`return ${first?.text ?? ''}\``;
    },
  },
  {
    name: 'answers a question, streamed',
    run: async (subject) => {
      const parts: string[] = [];
      const question = {
        conversationId: 'c',
        messages: [{ role: 'user' as const, content: 'What is a stack in programming? One sentence.' }],
      };
      const answer = await services(subject).chatService.chat(question, { maxTokens: 40, temperature: 0 }, ({ text }) =>
        parts.push(text),
      );
      assert.equal(parts.join(''), answer.text);
      assert.match(answer.text, /\p{L}+ \p{L}+/u);
      return `${answer.text.length} characters in ${parts.length} parts`;
    },
  },
  {
    name: 'ends after the requested number of tokens',
    run: async (subject) => {
      const result = await services(subject).chatService.generate(
        { messages: [{ role: 'user', content: 'Count from one to one hundred.' }], maxTokens: 8, temperature: 0 },
        {},
        () => undefined,
      );
      assert.equal(result.stopReason, 'length');
      return `\`${result.text.replaceAll('\n', ' ')}\``;
    },
  },
  {
    name: 'ends at a stop text',
    run: async (subject) => {
      const result = await services(subject).chatService.generate(
        { prompt: '1, 2, 3, 4, 5,', stop: [' 8'], maxTokens: 40, temperature: 0 },
        {},
        () => undefined,
      );
      assert.equal(result.stopReason, 'end');
      assert.ok(!result.text.includes('8'), result.text);
      return `\`${result.text}\``;
    },
  },
  {
    name: 'stops computing when the request is cancelled',
    run: async (subject) => {
      const cancel = new AbortController();
      const story = {
        messages: [{ role: 'user' as const, content: 'Write a very long story about the sea.' }],
        maxTokens: 2_000,
        temperature: 0.8,
        seed: 1,
      };
      const result = await services(subject).chatService.generate(story, {}, () => cancel.abort(), cancel.signal);
      assert.equal(result.stopReason, 'cancelled');
      // The server finishes the current token.
      await sleep(1_000);
      const before = await subject.server.processorSeconds();
      await sleep(WATCHED_MS);
      const seconds = (await subject.server.processorSeconds()) - before;
      assert.ok(
        seconds < (IDLE_SHARE * WATCHED_MS) / 1000,
        `${seconds} s of processor time in the ${WATCHED_MS / 1000} s after it`,
      );
      return `${seconds.toFixed(2)} s of processor time in the ${WATCHED_MS / 1000} s after it`;
    },
  },
  {
    name: 'refuses a wrong key with the reason',
    run: async (subject) => {
      if (!subject.key) return 'has no keys';
      await assert.rejects(
        services(subject, { key: 'wrong' }).load(),
        (error: Error) => error instanceof ServerUnavailableError && /refuses the key/.test(error.message),
      );
      return 'yes';
    },
  },
  {
    name: 'is reported when it dies',
    run: async (subject) => {
      const asked = services(subject);
      await asked.load();
      await subject.server.stop();
      const question = { conversationId: 'c', messages: [{ role: 'user' as const, content: 'Hello?' }] };
      const error: unknown = await asked.chatService
        .chat(question, {}, () => undefined)
        .catch((reason: unknown) => reason);
      assert.ok(error instanceof ServerUnavailableError, String(error));
      return error.message;
    },
  },
];
