import manifest from '../../package.json' with { type: 'json' };

/** The version of this build: the extension, the sidecar and the command line carry the same. */
export const VERSION: string = process.env['CHORUS_VERSION'] ?? manifest.version;
