import manifest from '../../package.json' with { type: 'json' };

/** The version of this build. The extension, the sidecar and the command line have the same version. */
export const VERSION: string = process.env['CHORUS_VERSION'] ?? manifest.version;
