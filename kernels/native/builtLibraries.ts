/** The compiled libraries by platform. Written by `.scripts/buildKernels.ts`. */
export const builtLibraries: Readonly<Record<string, { readonly file: string; readonly sha256: string }>> = {
  'linux-x64': {
    file: 'chorus-kernels-linux-x64.so',
    sha256: '8ccb0d3d6fb702434dbc59e961b033065ef8b0c357ecafd05c237fe2f39952d8',
  },
  'win32-x64': {
    file: 'chorus-kernels-win32-x64.dll',
    sha256: '625d0bbf33fff5e256864de90edb11a7694d9b5b33787908e251187e1882d972',
  },
  'darwin-x64': {
    file: 'chorus-kernels-darwin-x64.dylib',
    sha256: '48b24918929f67ac482913553978136090e76cdb0ad4c5685a8c37d1e1a5da40',
  },
};
