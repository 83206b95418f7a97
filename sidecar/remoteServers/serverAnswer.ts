import { z } from 'zod';
import { parseJson } from '../common/parseJson.ts';
import { readEvents } from './eventStream.ts';
import type { RedactKey } from './keyRedaction.ts';
import type { ServerConnection } from './serverConnection.ts';
import { refusalText } from './serverResponse.ts';

/** The longest pause between two parts of an answer. */
const IDLE_TIMEOUT_MS = 60_000;

const completion = z.object({
  choices: z
    .array(
      z.object({
        text: z.string().nullish(),
        // The model's thoughts, as vLLM, SGLang and OpenRouter send them.
        delta: z
          .object({
            content: z.string().nullish(),
            reasoning_content: z.unknown().optional(),
            reasoning: z.unknown().optional(),
          })
          .nullish(),
        message: z.object({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  error: z.unknown().optional(),
});

/** A part of an answer. */
export interface AnswerPart {
  readonly text: string;
  /** Whether the model generates, including its thoughts. */
  readonly isGenerated: boolean;
  /** The server's `finish_reason`: "stop", "length", …. */
  readonly finishReason?: string | undefined;
}

/**
 * The response is not a valid, complete answer. The message continues a sentence that begins with the server's name.
 */
export class BrokenAnswerError extends Error {
  override readonly name = 'BrokenAnswerError';
}

/**
 * Yields the parts of an answer of `/v1/completions` or `/v1/chat/completions` as they arrive, streamed or not. Throws
 * `BrokenAnswerError` for an invalid response or a stream that ends early, and errors of the body.
 */
export async function* readAnswer(
  response: Response,
  connection: ServerConnection,
  path: string,
): AsyncGenerator<AnswerPart> {
  const type = response.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json') {
    yield partOf(await connection.parseJson(response, path), connection.redact);
    return;
  }
  if (type !== 'text/event-stream')
    throw new BrokenAnswerError(
      `answers with the content type ${JSON.stringify(connection.redact(type).slice(0, 100))}, expected text/event-stream`,
    );
  let isFinished = false;
  if (response.body) {
    for await (const data of readEvents(response.body as AsyncIterable<Uint8Array>, {
      idleTimeoutMs: IDLE_TIMEOUT_MS,
    })) {
      if (data.trim() === '[DONE]') return;
      const part = partOf(parseEvent(data), connection.redact);
      isFinished ||= part.finishReason !== undefined;
      yield part;
    }
  }
  if (!isFinished) throw new BrokenAnswerError('ended the answer in the middle');
}

function parseEvent(data: string): unknown {
  try {
    return parseJson(data);
  } catch (error) {
    throw new BrokenAnswerError(`sent an event of ${data.length} characters that is not JSON`, { cause: error });
  }
}

function partOf(value: unknown, redact: RedactKey): AnswerPart {
  const parsed = completion.safeParse(value);
  if (!parsed.success)
    throw new BrokenAnswerError('sent an event that is not of the expected shape', { cause: parsed.error });
  if (parsed.data.error)
    throw new BrokenAnswerError(
      `reports an error: ${refusalText(JSON.stringify(value), redact) || 'without a message'}`,
    );
  // Events without choices report usage.
  const choice = parsed.data.choices?.[0];
  const text = choice?.text ?? choice?.delta?.content ?? choice?.message?.content ?? '';
  const isGenerated = text !== '' || Boolean(choice?.delta?.reasoning_content) || Boolean(choice?.delta?.reasoning);
  return { text, isGenerated, finishReason: choice?.finish_reason ?? undefined };
}
