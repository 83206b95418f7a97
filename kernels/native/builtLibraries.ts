/** The compiled libraries by platform. Written by `.scripts/buildKernels.ts`. */
export const builtLibraries: Readonly<Record<string, { readonly file: string; readonly sha256: string }>> = {
  'linux-x64': {
    file: 'chorus-kernels-linux-x64.so',
    sha256: '832bb66ad837c94ac98788f0d04271e133ab1a09ae0f920c8e2e8c177205211c',
  },
  'win32-x64': {
    file: 'chorus-kernels-win32-x64.dll',
    sha256: 'd640a114ad9066d2a8805bfc6a4bfcd705cb1b2392ac5ad228349db1472d7f9b',
  },
  'darwin-x64': {
    file: 'chorus-kernels-darwin-x64.dylib',
    sha256: '864f5f5eb296bc99d729e9de96b3d78b8508afa4ac4a2619d5b0ecbb94465a6f',
  },
};
