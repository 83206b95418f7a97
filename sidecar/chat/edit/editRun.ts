import type { ModelSession } from '../../engine/engine.ts';
import type { ChatChunk, ChatSettings, EditParams } from '../../protocol/client.ts';
import type { EngineGenerateResult, LoadedModel } from '../../protocol/engine.ts';

/** What an edit is made with. */
export interface EditRun {
  readonly session: ModelSession;
  readonly model: LoadedModel;
  readonly params: EditParams;
  readonly settings: ChatSettings;
  readonly sequence: string;
  readonly onChunk: (chunk: ChatChunk) => void;
  readonly signal: AbortSignal | undefined;
}

/** What it became. */
export interface EditOutcome {
  readonly newText: string;
  readonly stopReason: EngineGenerateResult['stopReason'];
}
