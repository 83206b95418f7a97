import { createVSIX } from '@vscode/vsce';
import { stat } from 'node:fs/promises';

export interface VsixOptions {
  /** The folder with the contents. */
  readonly stage: string;
  readonly packagePath: string;
  /** VS Code's name of the platform. Absent: the package is for all. */
  readonly target?: string;
  readonly maxBytes: number;
  /** Whether vsce looks for secrets in the files. It takes long to look through a model's weights. */
  readonly scansForSecrets?: boolean;
}

/** Makes a VSIX and prints its size. Returns the size in bytes. Throws if it is above `maxBytes`. */
export async function packVsix(options: VsixOptions): Promise<number> {
  const { stage, packagePath, target, maxBytes, scansForSecrets = true } = options;
  await createVSIX({
    cwd: stage,
    packagePath,
    ...(target === undefined ? {} : { target }),
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
    allowPackageAllSecrets: !scansForSecrets,
    allowPackageEnvFile: !scansForSecrets,
  });
  const { size } = await stat(packagePath);
  console.log(`${packagePath}: ${megabytes(size)} MB`);
  if (size > maxBytes) throw new Error(`${packagePath} is ${size} bytes, at most ${maxBytes} are allowed`);
  return size;
}

/** Returns a size in megabytes of 10^6 bytes, as text. */
export function megabytes(sizeBytes: number): string {
  return (sizeBytes / 1e6).toFixed(1);
}
