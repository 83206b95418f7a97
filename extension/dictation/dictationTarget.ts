/** The place where dictated text appears. */
export interface DictationTarget {
  /** The URI of its document, whose identifiers may be dictated. */
  readonly uri?: string;
  /**
   * Replaces the text shown so far with the whole text. Resolves with `false` if the place is gone, which ends the
   * dictation.
   */
  show(text: string): Promise<boolean>;
  /** Aborted when the place is gone. This ends the dictation before the next text. */
  readonly gone?: AbortSignal;
  /** Reports that the microphone is open, or closed again. */
  setListening?(isListening: boolean): void;
  dispose?(): void;
}
