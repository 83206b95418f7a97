import type * as vscode from 'vscode';
import type { SidecarStatus } from '../../sidecar/protocol/client.ts';

/** Told to VS Code until the model is loaded and its context known: small enough to be true of every model. */
const CONTEXT_TOKENS_BEFORE_LOADING = 2048;
const MAX_OUTPUT_TOKENS = 2048;

/**
 * What VS Code shows of the local model, and what it may ask of it. Before the model is loaded only what holds for any
 * model.
 */
export function modelInformation(
  status: SidecarStatus | undefined,
  description: string,
): vscode.LanguageModelChatInformation {
  const contextTokens = status?.contextSizeTokens ?? CONTEXT_TOKENS_BEFORE_LOADING;
  const maxOutputTokens = Math.min(MAX_OUTPUT_TOKENS, Math.floor(contextTokens / 4));
  const { modelName, architecture, engine, device } = status ?? {};
  return {
    id: 'chorus-local',
    name: nameBesideOthers(modelName),
    family: architecture ?? 'chorus',
    version: modelName ?? '1',
    detail: description,
    tooltip: [modelName, engine, device].filter((part) => part !== undefined).join(' · ') || description,
    maxInputTokens: contextTokens - maxOutputTokens,
    maxOutputTokens,
    capabilities: { imageInput: false, ...(status?.supportsToolCalling && { toolCalling: true }) },
  };
}

/**
 * Says whose model it is in a list of models of all extensions; one whose own name begins with "Chorus" says so itself.
 */
function nameBesideOthers(modelName: string | undefined): string {
  if (!modelName) return 'Chorus';
  return /^chorus(?!\p{L})/iu.test(modelName) ? modelName : `Chorus: ${modelName}`;
}
