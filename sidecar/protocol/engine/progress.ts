import { notification } from '../messages.ts';

/** Engine or workshop → parent: the progress of a long operation. */
export const WORK_PROGRESS = notification<WorkProgress>('engine/workProgress');
export interface WorkProgress {
  readonly step: string;
  /** The share that is done, 0 to 1. */
  readonly share: number;
}
