import type { ModelExtension } from '../common/modelExtension.ts';

/** How a client finds or starts the sidecar. */
export interface LaunchOptions {
  /** The absolute path of the sidecar's entry file (`dist/sidecar.mjs`). */
  readonly sidecarScript: string;
  /** The semantic version of the client; see `docs/protocol.md`, "Versions". */
  readonly clientVersion: string;
  /** The default is `homeFolder()`. */
  readonly homeFolder?: string;
  /** Where the sidecar keeps its measurements of models' heads. The default is a file in the per-user folder. */
  readonly headNeedsFile?: string;
  /**
   * The folder of the extension, if the client is one. While it is on disk, uninstalling another copy leaves the
   * sidecar and its files alone.
   */
  readonly extensionFolder?: string;
  /** Returns the extension with the default model, if the client's product has it. The sidecar looks for it there. */
  readonly modelExtension?: () => ModelExtension | undefined;
  /** Options of the runtime before the script, for example to run from source. */
  readonly execArgv?: readonly string[];
  /** Variables on top of the caller's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * How long a new process may make no progress before it is ready. The default is 30,000. While it makes progress, it
   * may take ten times as long.
   */
  readonly startTimeoutMs?: number;
  /** How long a running sidecar may take to answer before this fails. The default is 9,000. */
  readonly answerTimeoutMs?: number;
}
