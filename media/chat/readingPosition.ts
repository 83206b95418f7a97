/** The part of VS Code's API for pages that outlives a page. */
export interface PageState {
  getState(): unknown;
  setState(state: unknown): void;
}

interface Position {
  readonly conversationId: string;
  /** In pixels; absent at the end, where the view follows the answers. */
  readonly scrollTop?: number | undefined;
}

/**
 * Where the reader is in the conversation that is shown. VS Code keeps it while the view is hidden and its page taken
 * down.
 */
export class ReadingPosition {
  constructor(private readonly page: PageState) {}

  /** Pixels above what is shown of a conversation; `undefined`: the end is shown. */
  of(conversationId: string): number | undefined {
    const kept = this.#kept;
    return kept?.conversationId === conversationId ? kept.scrollTop : undefined;
  }

  /** Comes with every frame of an answer that is followed, so what is kept already is not sent again. */
  keep({ conversationId, scrollTop }: Position): void {
    const kept = this.#kept;
    if (kept?.conversationId !== conversationId || kept.scrollTop !== scrollTop)
      this.page.setState({ conversationId, scrollTop });
  }

  get #kept(): Partial<Position> | undefined {
    return this.page.getState() as Partial<Position> | undefined;
  }
}
