/**
 * JSON-RPC over WebSocket, one message per text frame. The reader and writer plug into vscode-jsonrpc, and so into
 * vscode-languageclient.
 */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from 'vscode-jsonrpc/node';
import type WebSocket from 'ws';
import { MAX_FRAME_BYTES } from '../protocol/client.ts';
import { JsonLimitError, parseJson } from '../common/parseJson.ts';
import { SidecarError } from '../common/sidecarError.ts';

/** Reads one JSON-RPC message per text frame. An invalid frame raises `onError`, and the connection stays open. */
export class WebSocketMessageReader extends AbstractMessageReader implements MessageReader {
  constructor(private readonly socket: WebSocket) {
    super();
    socket.on('close', () => this.fireClose());
    socket.on('error', (error) => this.fireError(error));
  }

  listen(callback: DataCallback): Disposable {
    const onMessage = (data: WebSocket.RawData, isBinary: boolean): void => {
      if (isBinary) {
        this.fireError(new Error('Received a binary frame, expected one JSON-RPC message as text'));
        return;
      }
      let message: Message;
      try {
        message = parseJson((data as Buffer).toString('utf8')) as Message;
      } catch (error) {
        // The parser's own message quotes the text, which may be the user's code.
        const reason = error instanceof JsonLimitError ? `is ${error.message}` : 'is not JSON';
        this.fireError(new Error(`Received a frame of ${(data as Buffer).length} bytes that ${reason}`));
        return;
      }
      callback(message);
    };
    this.socket.on('message', onMessage);
    return { dispose: () => this.socket.off('message', onMessage) };
  }
}

/**
 * Writes one JSON-RPC message per text frame. A message above `MAX_FRAME_BYTES` is not sent and rejects with
 * `SidecarError` 'message-too-large'.
 */
export class WebSocketMessageWriter extends AbstractMessageWriter implements MessageWriter {
  constructor(private readonly socket: WebSocket) {
    super();
    socket.on('close', () => this.fireClose());
  }

  async write(message: Message): Promise<void> {
    const text = JSON.stringify(message);
    const sizeBytes = Buffer.byteLength(text);
    if (sizeBytes > MAX_FRAME_BYTES) {
      const method = (message as { method?: string }).method ?? 'a response';
      throw new SidecarError(
        'message-too-large',
        `${method} is ${sizeBytes} bytes long; at most ${MAX_FRAME_BYTES} are sent`,
      );
    }
    await new Promise<void>((resolve, reject) => {
      this.socket.send(text, (error) => (error ? reject(error) : resolve()));
    });
  }

  end(): void {
    // The owner of the socket closes it.
  }
}
