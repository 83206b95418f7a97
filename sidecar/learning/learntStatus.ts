import { fileSize } from '../common/fileSize.ts';
import { readExpertRecord, readUnfinishedPass, type ExpertRecord } from './expertStore.ts';
import { baseOf, isSameBase, type PassOptions } from './pass.ts';

/** What was learnt from a workspace so far. */
export interface LearntStatus {
  /** The expert. Absent: there is none. */
  readonly expert?: Pick<
    ExpertRecord,
    'trainedTokens' | 'heldOut' | 'general' | 'adopted' | 'reason' | 'refusal' | 'endedMs'
  > & {
    /** How many files it learnt from. */
    readonly files: number;
    readonly bytes: number;
    /** Whether it belongs to the given model. */
    readonly fitsModel: boolean;
  };
  /** The last pass, if its expert was not adopted and the earlier one stayed. */
  readonly rejected?: Pick<NonNullable<ExpertRecord['rejected']>, 'endedMs' | 'reason' | 'refusal'>;
  /** Whether a pass waits to be continued, or runs. */
  readonly isUnfinished: boolean;
}

/** Reads what was learnt from a workspace. Rejects with `TroubleError` if the model can't be read. */
export async function readLearntStatus({
  folder,
  ...model
}: Pick<PassOptions, 'folder' | 'modelPath' | 'startFrom'>): Promise<LearntStatus> {
  const isUnfinished = (await readUnfinishedPass(folder)) !== undefined;
  const record = await readExpertRecord(folder);
  const bytes = await fileSize(folder.expertFile);
  if (!record || bytes === undefined) return { isUnfinished };
  const { paths, trainedTokens, heldOut, general, adopted, reason, refusal, endedMs, rejected } = record;
  const figures = { trainedTokens, heldOut, general, adopted, reason, refusal, endedMs };
  const fitsModel = isSameBase(record.base, await baseOf(model));
  return {
    expert: { files: paths.length, ...figures, bytes, fitsModel },
    ...(rejected && {
      rejected: { endedMs: rejected.endedMs, reason: rejected.reason, refusal: rejected.refusal },
    }),
    isUnfinished,
  };
}
