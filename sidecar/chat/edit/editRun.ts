import type { ModelSession } from '../../engine/engine.ts';
import type { ChatChunk, ChatSettings, EditParams } from '../../protocol/client.ts';
import type { EngineGenerateResult, LoadedModel } from '../../protocol/engine.ts';

/** The inputs of an edit. */
export interface EditRun {
  readonly session: ModelSession;
  readonly model: LoadedModel;
  readonly params: EditParams;
  readonly settings: ChatSettings;
  readonly sequence: string;
  readonly onChunk: (chunk: ChatChunk) => void;
  readonly signal: AbortSignal | undefined;
}

/** The result of an edit. */
export interface EditOutcome {
  readonly newText: string;
  readonly stopReason: EngineGenerateResult['stopReason'];
}
