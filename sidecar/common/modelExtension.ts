/**
 * The extension "Chorus Model". It holds the default model for packages that are too small for it, as on Open VSX.
 */
export const MODEL_EXTENSION_ID = 'chorus.chorus-model';

/**
 * The version of the extension that this build's model belongs to. Each change of the model's files gets the next
 * version. The first number changes if an older Chorus can't use the new files.
 */
export const MODEL_EXTENSION_VERSION = '1.0.0';

/** The extension "Chorus Model" on this machine. */
export interface ModelExtension {
  readonly folder: string;
  readonly version: string;
}

/** The folder of the model's files, inside the extension's folder. */
export const MODEL_EXTENSION_FILES = 'models';

/** Returns whether this build can use the model of another version of the extension. */
export function isUsableModelVersion(version: string): boolean {
  return version.split('.')[0] === MODEL_EXTENSION_VERSION.split('.')[0];
}
