import { TroubleError } from '../../../../../sidecar/common/troubleError.ts';
import { parseServerAddress } from '../../../../../sidecar/remoteServers/serverAddress.ts';
import { ServerConnection } from '../../../../../sidecar/remoteServers/serverConnection.ts';
import { ServerEngine } from '../../../../../sidecar/remoteServers/serverEngine.ts';
import { encodeMessages, encodePieces } from '../../../../../sidecar/remoteServers/serverTokens.ts';
import { mutatedJson, randomText } from '../json.ts';
import type { Random } from '../random.ts';
import type { FuzzTarget } from '../target.ts';

/** A server's answer as it comes over the network. */
interface ServerAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly parts: readonly Uint8Array[];
  readonly isChat: boolean;
  readonly stop: readonly string[];
}

const EVENTS: readonly object[] = [
  {
    id: 'a',
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { role: 'assistant', content: 'Hello' }, finish_reason: null }],
  },
  { choices: [{ delta: { content: ' world' }, finish_reason: 'stop' }] },
  { choices: [{ delta: { reasoning_content: 'Hm.' } }] },
  { choices: [{ text: 'return a', finish_reason: null }] },
  { choices: [{ text: ' + b', finish_reason: 'length' }] },
  { choices: [], usage: { prompt_tokens: 5, completion_tokens: 7 } },
  { error: { message: 'The model is overloaded', type: 'server_error', code: 500 } },
];
const WHOLE = { choices: [{ message: { role: 'assistant', content: 'Whole.' }, finish_reason: 'stop' }] };
const MISTAKES = new Set(['RangeError', 'TypeError', 'ReferenceError', 'AssertionError']);
const LINE_ENDS = ['\n', '\r\n', '\r'];
/** Statuses that are not repeated after a pause. */
const STATUSES = [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 400, 401, 404, 302];
const MAX_TOKENS = 64;
/** The largest event that is read. It occurs sometimes. */
const LARGE_UNITS = 900_000;

/** Answers of remote servers, as the engine reads them: status, events in parts, JSON. */
export function openEvents(): FuzzTarget<ServerAnswer> {
  let answer: ServerAnswer;
  const connection = new ServerConnection({
    address: parseServerAddress('http://127.0.0.1:9/v1'),
    fetch: () =>
      Promise.resolve(
        new Response(answer.status === 200 || answer.parts.length > 0 ? streamOf(answer.parts) : null, {
          status: answer.status,
          headers: { 'content-type': answer.contentType },
        }),
      ),
  });
  const engine = new ServerEngine({ connection, model: 'fuzzed', fillIn: { kind: 'none' }, contextSizeTokens: 4_096 });
  return {
    title: "answers and server-sent events of remote servers (`ServerEngine` down to the events' parser)",
    make,
    run: async (input) => {
      answer = input;
      const tokens = input.isChat
        ? encodeMessages([{ role: 'user', content: 'Say hello.' }])
        : encodePieces('def add(a, b):\n    ');
      let said = '';
      try {
        const result = await engine.generate(
          {
            sequence: 's',
            priority: 'background',
            tokens,
            maxTokens: MAX_TOKENS,
            sampling: { temperature: 0 },
            stop: [...input.stop],
          },
          { onChunk: ({ text }) => (said += text) },
        );
        if (result.text !== said)
          throw new Error(`the parts have ${said.length} characters, the whole ${result.text.length}`);
        return true;
      } catch (error) {
        if (!(error instanceof TroubleError)) throw error;
        assertForeseen(error);
        if (error.message.length > 1_000)
          throw new Error(`a message of ${error.message.length} characters`, { cause: error });
        return false;
      }
    },
  };
}

/** Asserts that the engine foresaw the failure and explains it. Its own mistakes have no explanation. */
function assertForeseen(error: Error): void {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (MISTAKES.has(cause.name)) throw new Error(`the engine reported its own mistake: ${error.message}`, { cause });
  }
}

function make(random: Random): ServerAnswer {
  const isStream = !random.once(8);
  const text = isStream ? stream(random) : mutatedJson(random, WHOLE);
  return {
    status: random.of(STATUSES),
    contentType: random.once(20)
      ? randomType(random)
      : isStream
        ? 'text/event-stream; charset=utf-8'
        : 'application/json',
    parts: inParts(random, damaged(random, Buffer.from(text))),
    isChat: random.once(2),
    stop: random.once(3) ? ['\n\n', 'lo wo'] : [],
  };
}

function stream(random: Random): string {
  const end = random.of(LINE_ENDS);
  const events = Array.from({ length: 1 + random.length(12) }, () => event(random, end));
  return `${random.once(50) ? '\ufeff' : ''}${events.join('')}${random.once(3) ? '' : `data: [DONE]${end}${end}`}`;
}

function event(random: Random, end: string): string {
  const sample = random.of(EVENTS);
  switch (random.below(12)) {
    case 0:
      return `: ${randomText(random, random.length(200)).replace(/[\r\n]/g, '')}${end}`;
    case 1:
      return `${random.of(['event', 'id', 'retry', 'data', '', 'datum', 'data\0'])}${random.of([':', ': ', '', '::'])}${random.once(3) ? String(random.below(1e9)) : randomText(random, random.length(100))}${end}${end}`;
    case 2:
      // An event of several lines.
      return `${JSON.stringify(sample, undefined, 1)
        .split('\n')
        .map((line) => `data: ${line}`)
        .join(end)}${end}${end}`;
    case 3:
      return random.once(200)
        ? `data: ${JSON.stringify({ choices: [{ delta: { content: 'x'.repeat(random.below(LARGE_UNITS)) } }] })}${end}${end}`
        : `data: ${JSON.stringify(sample)}${end}`;
    case 4:
    case 5:
    case 6:
    case 7:
      return `data: ${JSON.stringify(sample)}${end}${end}`;
    default:
      return `data: ${mutatedJson(random, sample)}${end}${end}`;
  }
}

function damaged(random: Random, bytes: Buffer): Buffer {
  if (!random.once(5) || bytes.length === 0) return bytes;
  for (let change = 0; change <= random.below(4); change++) bytes[random.below(bytes.length)] = random.below(256);
  return random.once(2) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

/** Splits bytes as networks do: anywhere, even inside a character. */
function inParts(random: Random, bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  const largest = random.of([1 + random.below(8), 40, 400, 1 << 20]);
  // Each part takes a turn of the event loop.
  const step = Math.max(largest, Math.ceil(bytes.length / 12));
  for (let at = 0; at < bytes.length;) {
    const length = 1 + random.below(step);
    parts.push(bytes.subarray(at, at + length));
    at += length;
  }
  return parts;
}

const randomType = (random: Random): string =>
  random.of([
    '',
    'text/html',
    'application/json',
    'text/event-stream',
    'application/octet-stream',
    'x'.repeat(500),
    ';',
    'TEXT/EVENT-STREAM',
  ]);

function streamOf(parts: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  let next = 0;
  return new ReadableStream({
    pull: (controller) => {
      const part = parts[next++];
      if (part) controller.enqueue(part);
      else controller.close();
    },
  });
}
