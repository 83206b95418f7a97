import type * as vscode from 'vscode';
import type { SidecarStatus } from '../../sidecar/protocol/client.ts';

/** The context size reported to VS Code until the model is loaded. It is small enough for every model. */
const CONTEXT_TOKENS_BEFORE_LOADING = 2048;
const MAX_OUTPUT_TOKENS = 2048;

/** Returns the local model's information for VS Code. Before the model is loaded it holds for any model. */
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
 * Returns a name that shows the vendor in the list of all extensions' models. A name that begins with "Chorus" needs no
 * prefix.
 */
function nameBesideOthers(modelName: string | undefined): string {
  if (!modelName) return 'Chorus';
  return /^chorus(?!\p{L})/iu.test(modelName) ? modelName : `Chorus: ${modelName}`;
}
