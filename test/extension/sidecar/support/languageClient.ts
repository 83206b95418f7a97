/**
 * Stands for `languageClient.ts` after `useFakeLanguageClient.ts`: it has started when the test says so, and keeps what
 * it is given to send.
 */
export class ChorusLanguageClient {
  static #tellStarting: (client: ChorusLanguageClient) => void = () => undefined;

  readonly isUsable = true;
  readonly sent: { readonly method: string; readonly text: string }[] = [];
  readonly code2ProtocolConverter = {
    asOpenTextDocumentParams: (document: { getText(): string }) => ({ textDocument: { text: document.getText() } }),
  };
  #started: () => void = () => undefined;
  /** What comes of asking for ghost text. */
  inlineCompletions: () => Promise<readonly unknown[]> = async () => [];

  constructor(
    readonly setup: {
      readonly onClosed: (closing: { readonly inOrder: boolean; readonly webSocketCode: undefined }) => void;
    },
  ) {}

  /** The next client that is told to start. */
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

  /** The start that is waited for succeeds. */
  haveStarted(): void {
    this.#started();
  }

  /** The connection ends in order. */
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
    // There is no connection.
  }

  cut(): void {
    // There is nothing that could tell of its end.
  }

  onNotification(): void {
    // The sidecar of a test tells nothing.
  }
}
