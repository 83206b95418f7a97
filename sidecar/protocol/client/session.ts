import type { ChorusSettings } from './settings.ts';
import { request, type NoParams } from '../messages.ts';

/** Increases when a message changes in a way that older clients cannot read. */
export const PROTOCOL_VERSION = 1;

/** The largest WebSocket frame that either side accepts, in bytes. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024;

/** A document with more UTF-16 units gets no completion, and its user gets one message. */
export const MAX_DOCUMENT_UNITS = 16 * 1024 * 1024;

/** `initializationOptions` of `initialize`. */
export interface ChorusInitializationOptions {
  /** For example "vscode", "cli" or "lsp-stdio". */
  readonly clientKind: string;
  /**
   * The client's semantic version. A newer client replaces an older sidecar. An older client never replaces a newer
   * one.
   */
  readonly clientVersion: string;
  readonly settings?: ChorusSettings;
  /** The name of one workspace's histories and caches. Workspaces do not share them. */
  readonly workspaceKey?: string;
  /**
   * The client answers `chorus/workspace/list` and `chorus/workspace/read`. Absent: the sidecar knows only its open
   * documents.
   */
  readonly providesWorkspace?: boolean;
  /**
   * For `chorus lsp` only: more patterns of secret files, in the syntax of `.gitignore`. A pattern after `!` takes a
   * file off the list.
   */
  readonly secretFiles?: readonly string[];
}

/** `capabilities.experimental.chorus` of the `initialize` result. */
export interface ChorusServerCapabilities {
  readonly protocolVersion: number;
  readonly version: string;
  readonly pid: number;
}

/**
 * Client → server request: loads the chosen model now, and responds when it is ready. Else the first request loads it.
 */
export const LOAD_REQUEST = request<NoParams, null>('chorus/load');

/**
 * Client → server request of a newer client: the sidecar finishes running requests, refuses new ones, and ends. It
 * refuses clients of an older or the same version.
 */
export const DRAIN_REQUEST = request<DrainParams, DrainResult>('chorus/drain');
export interface DrainParams {
  readonly clientVersion: string;
}
export interface DrainResult {
  readonly accepted: boolean;
}

/** Client → server request of the uninstall hook: ends the sidecar now, even if other clients are connected. */
export const STOP_REQUEST = request<NoParams, null>('chorus/stop');

/** Client → server request: returns text for a bug report, without any code. */
export const DIAGNOSTICS_REQUEST = request<NoParams, DiagnosticsResult>('chorus/diagnostics');
export interface DiagnosticsResult {
  readonly text: string;
}
