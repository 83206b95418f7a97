/** A source file of a workspace, as its client reads it. */
export interface SourceFile {
  /** Relative to the workspace, with slashes. */
  readonly path: string;
  readonly text: string;
}
