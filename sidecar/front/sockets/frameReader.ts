import {
  AbstractMessageReader,
  ErrorCodes,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
} from 'vscode-jsonrpc/node';
import type { RawData, WebSocket } from 'ws';
import { z } from 'zod';
import { JsonLimitError, parseJson } from '../../common/parseJson.ts';

const id = z.union([z.number(), z.string()]);
const params = z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]).nullish();
const cancel = z.object({ jsonrpc: z.literal('2.0'), method: z.literal('$/cancelRequest'), params: z.object({ id }) });
const request = z.object({ jsonrpc: z.literal('2.0'), id, method: z.string(), params });
const notification = z.object({
  jsonrpc: z.literal('2.0'),
  method: z.string().refine((method) => method !== '$/cancelRequest'),
  params,
  id: z.undefined().optional(),
});
const response = z.object({ jsonrpc: z.literal('2.0'), id, method: z.undefined().optional() });
const message = z.union([cancel, request, notification, response]);

/**
 * Reads frames from clients, which may send anything. A frame that is not a JSON-RPC message is answered with
 * JSON-RPC's error and dropped. Only a binary frame ends the connection. vscode-jsonrpc gets only well-formed messages.
 */
export class FrameReader extends AbstractMessageReader implements MessageReader {
  constructor(private readonly socket: WebSocket) {
    super();
    socket.on('close', () => this.fireClose());
  }

  listen(callback: DataCallback): Disposable {
    const onMessage = (data: RawData, isBinary: boolean): void => {
      if (isBinary) {
        this.socket.close(1003, 'Binary frames are not accepted');
        return;
      }
      let value: unknown;
      try {
        value = parseJson((data as Buffer).toString('utf8'));
      } catch (error) {
        this.#answer(
          null,
          ErrorCodes.ParseError,
          error instanceof JsonLimitError ? `The frame is ${error.message}` : 'The frame is not JSON',
        );
        return;
      }
      if (message.safeParse(value).success) callback(value as Message);
      else this.#answer(idOf(value), ErrorCodes.InvalidRequest, 'The frame is not one JSON-RPC 2.0 message');
    };
    this.socket.on('message', onMessage);
    return { dispose: () => this.socket.off('message', onMessage) };
  }

  #answer(requestId: string | number | null, code: number, text: string): void {
    if (this.socket.readyState === this.socket.OPEN)
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id: requestId, error: { code, message: text } }));
  }
}

function idOf(value: unknown): string | number | null {
  const candidate =
    typeof value === 'object' && value !== null ? id.safeParse((value as { id?: unknown }).id) : undefined;
  return candidate?.success ? candidate.data : null;
}
