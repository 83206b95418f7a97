import { notification } from '../messages.ts';

/** Engine or workshop → parent: how much of a long piece of work is done. */
export const WORK_PROGRESS = notification<WorkProgress>('engine/workProgress');
export interface WorkProgress {
  readonly step: string;
  /** 0 to 1. */
  readonly share: number;
}
