import type { MessageReader, MessageWriter } from 'vscode-jsonrpc/node';

/** What vscode-languageclient's `ServerOptions` function gives: the two ends of a connection. */
export interface MessageTransports {
  readonly reader: MessageReader;
  readonly writer: MessageWriter;
}
