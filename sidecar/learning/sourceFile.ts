import type { LineRange } from './recentLines.ts';

/** A source file of a workspace, as its client reads it. */
export interface SourceFile {
  /** Relative to the workspace, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** A source file to learn from. */
export interface TrainingFile extends SourceFile {
  /** The lines that weigh most. Absent: none. */
  readonly recent?: readonly LineRange[];
}
