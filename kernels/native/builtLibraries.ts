/** The compiled libraries by platform. Written by `.scripts/buildKernels.ts`. */
export const builtLibraries: Readonly<Record<string, { readonly file: string; readonly sha256: string }>> = {
  'linux-x64': {
    file: 'chorus-kernels-linux-x64.so',
    sha256: '90371fe224e4b87850e3158efe8e88c176678f5bc1d359cd31143c7089b3ac29',
  },
  'win32-x64': {
    file: 'chorus-kernels-win32-x64.dll',
    sha256: 'ef618ae73da9938553374a3e471f721dc930b8338a1bdfc35590dbf4794daead',
  },
  'darwin-x64': {
    file: 'chorus-kernels-darwin-x64.dylib',
    sha256: '67ec6dd34a2d0aa26c45ae056d9164f611dd296619105a6e4230f3833d7be88f',
  },
};
