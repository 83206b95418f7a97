import type { ChorusSettings } from './settings.ts';
import { request, type NoParams } from '../messages.ts';

/** Raised when a message changes in a way that older clients cannot read. */
export const PROTOCOL_VERSION = 1;

/** The largest WebSocket frame either side accepts, in bytes. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024;

/** A document above this many UTF-16 units gets no completion and one clear message. */
export const MAX_DOCUMENT_UNITS = 16 * 1024 * 1024;

/** `initializationOptions` of `initialize`. */
export interface ChorusInitializationOptions {
  /** For example "vscode", "cli", "lsp-stdio". */
  readonly clientKind: string;
  /** Semantic version of the client: a newer client replaces an older sidecar, never the other way round. */
  readonly clientVersion: string;
  readonly settings?: ChorusSettings;
  /** Names one workspace's histories and caches. Nothing of one workspace serves another. */
  readonly workspaceKey?: string;
  /**
   * The client answers `chorus/workspace/list` and `chorus/workspace/read`. Without, only its open documents are known.
   */
  readonly providesWorkspace?: boolean;
  /**
   * For `chorus lsp` alone: further patterns of secret files, in the syntax of `.gitignore`; one after `!` takes a file
   * off the list.
   */
  readonly secretFiles?: readonly string[];
}

/** `capabilities.experimental.chorus` of the `initialize` result. */
export interface ChorusServerCapabilities {
  readonly protocolVersion: number;
  readonly version: string;
  readonly pid: number;
}

/** Client → server request: load the chosen model now (otherwise the first request does). Answers when it is ready. */
export const LOAD_REQUEST = request<NoParams, null>('chorus/load');

/**
 * Client → server request of a newer client: finish running requests, take no new ones, leave. Older or equal clients
 * are refused.
 */
export const DRAIN_REQUEST = request<DrainParams, DrainResult>('chorus/drain');
export interface DrainParams {
  readonly clientVersion: string;
}
export interface DrainResult {
  readonly accepted: boolean;
}

/** Client → server request of the uninstall hook: stop now, whoever is connected. */
export const STOP_REQUEST = request<NoParams, null>('chorus/stop');

/** Client → server request: what a bug report needs, no code in it. */
export const DIAGNOSTICS_REQUEST = request<NoParams, DiagnosticsResult>('chorus/diagnostics');
export interface DiagnosticsResult {
  readonly text: string;
}
