import type { Command } from 'commander';
import path from 'node:path';
import type { DownloadSettings } from '../../../protocol/client.ts';
import { withJson } from '../../options.ts';

export interface ShelfOptions {
  readonly json: boolean;
  readonly catalogue?: string;
  readonly mirror?: string;
  readonly folder?: string;
}

/** Adds `--json`, `--catalogue`, `--mirror` and `--folder` to a command. */
export function withShelfOptions(command: Command): Command {
  return withFolder(withJson(command))
    .option('--catalogue <place>', 'a catalogue of models, as a path or an https URL')
    .option('--mirror <url>', "base URL in place of Hugging Face's (default: HF_ENDPOINT)");
}

/** Adds `--folder` to a command. */
export function withFolder(command: Command): Command {
  return command.option('--folder <folder>', "where downloaded models are kept (default: in Chorus's folder)");
}

/** Returns a command's options with those of `chorus models`, which accepts --json and --folder in any position. */
export function optionsOf<Options extends ShelfOptions>(command: Command): Options {
  return command.optsWithGlobals<Options>();
}

/**
 * Returns the download settings for the sidecar. The proxy comes from this command's environment, not from the
 * sidecar's.
 */
export function downloadSettings(
  { catalogue, mirror, folder }: ShelfOptions,
  environment: NodeJS.ProcessEnv = process.env,
): DownloadSettings {
  const named = (name: string): string | undefined => environment[name.toLowerCase()] ?? environment[name];
  return {
    catalogue: catalogue === undefined || /^[a-z][a-z0-9+.-]+:/i.test(catalogue) ? catalogue : path.resolve(catalogue),
    mirror: mirror ?? environment['HF_ENDPOINT'],
    folder: folder === undefined ? undefined : path.resolve(folder),
    network: { proxy: named('HTTPS_PROXY'), noProxy: named('NO_PROXY')?.split(',').filter(Boolean) },
  };
}
