/**
 * Replaces `languageClient.ts` after `useFakeLanguageClient.ts`. Its start succeeds when the test says so, and it
 * records the messages to send.
 */
export class ChorusLanguageClient {
  static #tellStarting: (client: ChorusLanguageClient) => void = () => undefined;

  readonly isUsable = true;
  readonly sent: { readonly method: string; readonly text: string }[] = [];
  readonly code2ProtocolConverter = {
    asOpenTextDocumentParams: (document: { getText(): string }) => ({ textDocument: { text: document.getText() } }),
  };
  #started: () => void = () => undefined;
  /** Returns the result of a request for ghost text. */
  inlineCompletions: () => Promise<readonly unknown[]> = async () => [];

  constructor(
    readonly setup: {
      readonly onClosed: (closing: { readonly inOrder: boolean; readonly webSocketCode: undefined }) => void;
    },
  ) {}

  /** Resolves with the next client that is started. */
  static starting(): Promise<ChorusLanguageClient> {
    return new Promise((resolve) => {
      ChorusLanguageClient.#tellStarting = resolve;
    });
  }

  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#started = resolve;
      ChorusLanguageClient.#tellStarting(this);
    });
  }

  /** Lets the pending start succeed. */
  haveStarted(): void {
    this.#started();
  }

  /** Ends the connection in order. */
  end(): void {
    this.sent.length = 0;
    this.setup.onClosed({ inOrder: true, webSocketCode: undefined });
  }

  async sendNotification(method: string, params: { readonly textDocument: { readonly text: string } }): Promise<void> {
    this.sent.push({ method, text: params.textDocument.text });
  }

  async request(): Promise<undefined> {
    return undefined;
  }

  provideInlineCompletions(): Promise<readonly unknown[]> {
    return this.inlineCompletions();
  }

  async close(): Promise<void> {
    // There is no connection to close.
  }

  cut(): void {
    // The fake client ends without events.
  }

  onNotification(): void {
    // The fake sidecar sends no notifications.
  }
}
